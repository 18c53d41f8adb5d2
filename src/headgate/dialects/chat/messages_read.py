"""The messages of a caller's request."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.chat.assistant import Reading, minted_id, read_assistant
from headgate.dialects.chat.content import read_content
from headgate.dialects.chat.lenient import Json, object_in, rest_of, text_in
from headgate.dialects.chat.tools import FlatCustom
from headgate.model.fault import bad_request
from headgate.model.parts import (
    Audio,
    Document,
    Image,
    Part,
    ResultPart,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Vendor,
)
from headgate.model.request import HostedTool, Message, Tool, ToolRef

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_KNOWN = (
    "role",
    "content",
    "name",
    "refusal",
    "audio",
    "images",
    "annotations",
    "tool_calls",
    "tool_call_id",
    "function_call",
    "reasoning",
    "reasoning_content",
    "reasoning_text",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
)


class History:
    """Reads messages in order and remembers the calls that results answer."""

    def __init__(self, tools: tuple[Tool | HostedTool, ...]) -> None:
        self._tools = {
            tool.name: ToolRef(tool.name, custom=True)
            for tool in tools
            if isinstance(tool, FlatCustom)
        }
        self._calls: dict[str, ToolCall] = {}
        self._last_legacy = ""

    def read(self, messages: list[Any]) -> tuple[Message, ...]:
        """The messages in ``messages``."""
        return tuple(self._read(entry, place) for place, entry in enumerate(messages))

    def read_input(self, items: Any) -> tuple[Message, ...]:
        """The messages in ``input``, which some clients send in place of ``messages``: text, or
        items of the flat form."""
        if isinstance(items, str):
            return (Message("user", (Text(items),)),)
        if not isinstance(items, list):
            raise bad_request("'input' must be a string or an array of messages.", "input")
        return self.read([_from_item(item, place) for place, item in enumerate(items)])

    def _read(self, entry: Any, place: int) -> Message:
        where = f"messages[{place}]"
        if not isinstance(entry, dict):
            raise bad_request("Every message is an object.", where)
        role = _ROLES.get(text_in(entry.get("role")))
        if role is None:
            raise bad_request(f"A message's role is one of {', '.join(_ROLES)}.", f"{where}.role")
        _check_content(entry, where)
        if role == "tool":
            parts: tuple[Part, ...] = (self._result(entry, where),)
        elif role == "assistant":
            parts = self._assistant(entry, place)
        else:
            parts = read_content(entry.get("content"))
        return Message(role, parts, text_in(entry.get("name")) or None, rest_of(entry, _KNOWN))

    def _assistant(self, entry: Json, place: int) -> tuple[Part, ...]:
        seed = f"history:{place}"
        parts = read_assistant(entry, Reading(tools=self._tools, seed=seed))
        for part in parts:
            if isinstance(part, ToolCall):
                self._calls[part.id] = part
        if object_in(entry.get("function_call")).get("name"):
            calls = [part for part in parts if isinstance(part, ToolCall)]
            self._last_legacy = calls[-1].id
        return parts

    def _result(self, entry: Json, where: str) -> ToolResult:
        id_ = text_in(entry.get("tool_call_id"))
        if not id_ and entry.get("role") == "function":
            id_ = self._last_legacy or minted_id(text_in(entry.get("name")), 0)
        if not id_:
            raise bad_request("A tool message names its call.", f"{where}.tool_call_id")
        call = self._calls.get(id_)
        name = call.name if call else text_in(entry.get("name")) or None
        parts = tuple(_result_part(part) for part in read_content(entry.get("content")))
        return ToolResult(id_, parts, custom=bool(call and call.custom), name=name)


def _check_content(entry: Json, where: str) -> None:
    content = entry.get("content")
    if content is not None and not isinstance(content, str | list):
        message = "A message's content is a string or an array of parts."
        raise bad_request(message, f"{where}.content")


def _result_part(part: Part) -> ResultPart:
    if isinstance(part, Text | Image | Document | Audio | Vendor):
        return part
    return Text(getattr(part, "text", ""))


def _from_item(item: Any, place: int) -> Json:
    """A flat item as a message."""
    if not isinstance(item, dict):
        raise bad_request("Every item of 'input' is an object.", f"input[{place}]")
    kind = text_in(item.get("type"))
    call_id = text_in(item.get("call_id"))
    match kind:
        case "function_call" | "custom_tool_call":
            arguments = item.get("input") if kind == "custom_tool_call" else item.get("arguments")
            body = {"name": item.get("name"), "arguments": text_in(arguments)}
            call = {"id": call_id, "type": "function", "function": body}
            return {"role": "assistant", "content": None, "tool_calls": [call]}
        case "function_call_output" | "custom_tool_call_output":
            output = item.get("output")
            return {"role": "tool", "tool_call_id": call_id, "content": output}
        case "reasoning":
            texts = [text_in(part.get("text")) for part in item.get("summary") or ()]
            return {"role": "assistant", "reasoning_content": "\n\n".join(texts)}
        case _:
            return {key: item[key] for key in ("role", "content", "name") if key in item}
