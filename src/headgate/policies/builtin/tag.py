"""Tags for the request log."""

from collections.abc import Mapping
from typing import Annotated

from typing_extensions import override

from headgate.config.section import key
from headgate.model.request import Request
from headgate.policies.keys import EntryRefused, PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Policy
from headgate.policies.template import check_template, fill


class TagKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``tag``."""

    tags: Annotated[
        Mapping[Annotated[str, key("A name.", text="name")], str],
        key("Name to value; {user}, {model}, {backend}, {path}, {dialect} are filled."),
    ]


class Tag(Policy):
    """See the module."""

    def __init__(self, keys: TagKeys) -> None:
        self._keys = keys

    @override
    def on_request(self, request: Request) -> None:
        for name, value in self._keys.tags.items():
            self.effects.tags[name] = fill(value, self.exchange)


def _prepare(keys: TagKeys, _setting: Setting) -> Prepared:
    if not keys.tags:
        raise EntryRefused("tags", "names no tag")
    for name, value in keys.tags.items():
        check_template(f"tags.{name}", value)
    return Prepared(lambda _occasion: Tag(keys), judges=True)


TAG = Kind(keys=TagKeys, prepare=_prepare, on_error="open")
