"""A header on the backend's request or the caller's answer."""

from typing import Annotated, Literal

from typing_extensions import override

from headgate.config.formats import check_header_name
from headgate.config.section import key
from headgate.model.request import Request
from headgate.policies.keys import EntryRefused, PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Policy
from headgate.policies.template import check_template, fill

_OURS = frozenset(("authorization", "x-api-key", "content-type", "x-request-id"))


class HeaderKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``header``."""

    header: Annotated[str, key("The header's name.")]
    value: Annotated[
        str, key("Its value; {user}, {model}, {backend}, {path}, {dialect} are filled.")
    ]
    to: Annotated[Literal["backend", "caller"], key("Whose message it stands on.")] = "backend"


class Header(Policy):
    """See the module."""

    def __init__(self, keys: HeaderKeys) -> None:
        self._keys = keys

    @override
    def on_request(self, request: Request) -> None:
        effects = self.effects
        headers = effects.to_backend if self._keys.to == "backend" else effects.to_caller
        headers.append((self._keys.header.lower(), fill(self._keys.value, self.exchange)))


def _prepare(keys: HeaderKeys, _setting: Setting) -> Prepared:
    try:
        check_header_name(keys.header)
    except ValueError as error:
        raise EntryRefused("header", str(error)) from error
    if keys.header.lower() in _OURS:
        raise EntryRefused("header", "this header is made by the gateway itself")
    check_template("value", keys.value)
    return Prepared(lambda _occasion: Header(keys), judges=True)


HEADER = Kind(keys=HeaderKeys, prepare=_prepare, on_error="open")
