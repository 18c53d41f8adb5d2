"""A text of the operator's among the instructions of every request."""

from typing import Annotated, Literal

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.parts import Text
from headgate.model.request import Message, Request
from headgate.policies.keys import EntryRefused, PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Policy

_HEAD = ("system", "developer")


class InjectSystemKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``inject_system``."""

    text: Annotated[str, key("The instructions.")]
    position: Annotated[
        Literal["first", "last"], key("Before or after the caller's own instructions.")
    ] = "first"


class InjectSystem(Policy):
    """See the module."""

    def __init__(self, keys: InjectSystemKeys) -> None:
        self._keys = keys

    @override
    def on_request(self, request: Request) -> Request:
        messages = request.messages
        at = 0
        if self._keys.position == "last":
            while at < len(messages) and messages[at].role in _HEAD:
                at += 1
        injected = Message("system", (Text(self._keys.text),))
        return msgspec.structs.replace(request, messages=(*messages[:at], injected, *messages[at:]))


def _prepare(keys: InjectSystemKeys, _setting: Setting) -> Prepared:
    if not keys.text.strip():
        raise EntryRefused("text", "is empty")
    return Prepared(lambda _occasion: InjectSystem(keys))


INJECT_SYSTEM = Kind(keys=InjectSystemKeys, prepare=_prepare, on_error="open")
