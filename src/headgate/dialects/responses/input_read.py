"""The ``input`` of a request as messages: items of one turn of the model are one message."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.responses import items, opaque
from headgate.dialects.responses.content_read import read_content
from headgate.dialects.responses.notes import NAME, extras_of, without
from headgate.dialects.responses.tools_read import read_tools
from headgate.model.fault import bad_request
from headgate.model.parts import Part, Refusal, Role, Text, ToolResult, Vendor
from headgate.model.request import HostedTool, Message, Tool
from headgate.wire.json_fields import text

_ROLES: Mapping[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "developer",
}

_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})


class InputReader:
    """Collects messages, and the tools that items bring along.

    `notes` says where the items stood that are no messages: after how many messages, the item,
    and the names of the tools that it added.
    """

    def __init__(self, declared: tuple[Tool | HostedTool, ...]) -> None:
        self.messages: list[Message] = []
        self.tools = list(declared)
        self.notes: list[tuple[int, Mapping[str, Any], tuple[tuple[str, str | None], ...]]] = []
        self._turn: list[Part] = []
        self._results: list[Part] = []
        self._unanswered: set[str] = set()

    def read(self, value: Any) -> None:
        """Reads the ``input``: a string or a list of items. Raises Refused naming the item."""
        if isinstance(value, str):
            self.messages.append(Message("user", (Text(value),)))
            return
        if not isinstance(value, list):
            raise bad_request("'input' must be a string or a list of items.", "input")
        for number, item in enumerate(value):
            self._read_item(item, f"input[{number}]")
        self._flush()

    def _read_item(self, item: Any, param: str) -> None:
        if isinstance(item, str):
            item = {"role": "user", "content": item}
        if not isinstance(item, dict):
            raise bad_request(f"'{param}' must be an object.", param)
        kind = text(item, "type") or "message"
        if kind == "message":
            self._message(item, param)
        elif kind == "reasoning":
            self._say(*items.read_reasoning(item, opaque.from_caller))
        elif kind in items.CALLS:
            self._call(item, param)
        elif kind in _OUTPUTS:
            self._result(item, param)
        elif kind == "additional_tools":
            self._additional_tools(item, param)
        else:
            self._vendor(item)

    def _message(self, item: Mapping[str, Any], param: str) -> None:
        role = _ROLES.get(text(item, "role"))
        if role is None:
            raise bad_request(
                f"'{param}.role' must be one of {', '.join(_ROLES)}.", f"{param}.role"
            )
        if role == "assistant":
            if not isinstance(item.get("content"), str | list | None):
                read_content(item.get("content"), f"{param}.content")
            if not self._unanswered and any(isinstance(p, Text | Refusal) for p in self._turn):
                self._flush()
            self._say(*items.read_message(item, param))
            return
        self._flush()
        parts = read_content(item.get("content"), f"{param}.content")
        note = without(item, "type", "role", "content")
        self.messages.append(Message(role, parts, extras=extras_of(note)))

    def _call(self, item: Mapping[str, Any], param: str) -> None:
        call = items.read_call(item)
        if not call.id or not call.name:
            raise bad_request("A call needs a 'call_id' and a 'name'.", f"{param}.call_id")
        self._say(call)
        self._unanswered.add(call.id)

    def _result(self, item: Mapping[str, Any], param: str) -> None:
        call_id = text(item, "call_id")
        if not call_id:
            raise bad_request("An output must say whose it is.", f"{param}.call_id")
        self._flush_turn()
        self._unanswered.discard(call_id)
        self._results.append(
            ToolResult(
                call_id,
                tuple(
                    part if not isinstance(part, Refusal) else Text(part.text)
                    for part in read_content(item.get("output"), f"{param}.output")
                ),
                custom=item.get("type") == "custom_tool_call_output",
                extras=extras_of(without(item, "type", "call_id", "output")),
            )
        )

    def _additional_tools(self, item: Mapping[str, Any], param: str) -> None:
        self._flush()
        known = {(t.name, t.namespace) for t in self.tools if isinstance(t, Tool)}
        read = read_tools(item.get("tools"), f"{param}.tools")
        new = [t for t in read if isinstance(t, Tool) and (t.name, t.namespace) not in known]
        self.tools.extend(new)
        added = tuple((tool.name, tool.namespace) for tool in new)
        self.notes.append((len(self.messages), item, added))

    def _vendor(self, item: Mapping[str, Any]) -> None:
        if items.caller_said(item):
            self._flush()
            self.messages.append(Message("user", (Vendor(NAME, item),)))
        else:
            self._say(Vendor(NAME, item))

    def _say(self, *parts: Part) -> None:
        self._flush_results()
        self._turn.extend(parts)

    def _flush(self) -> None:
        self._flush_turn()
        self._flush_results()

    def _flush_turn(self) -> None:
        if self._turn:
            self.messages.append(Message("assistant", tuple(self._turn)))
            self._turn = []

    def _flush_results(self) -> None:
        if self._results:
            self.messages.append(Message("tool", tuple(self._results)))
            self._results = []
