"""Messages as the ``input`` items of a request."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headgate.dialects.destination import Destination
from headgate.dialects.responses import items, opaque
from headgate.dialects.responses.content_write import ContentWriter
from headgate.dialects.responses.notes import MINTED_REASONING, NAME, note_of
from headgate.dialects.responses.tools_write import Naming
from headgate.model.fault import Untranslatable
from headgate.model.ids import fit
from headgate.model.parts import Part, Reasoning, Refusal, Text, ToolCall, ToolResult, Vendor
from headgate.model.request import Message

_CALL_ID = re.compile(r"[^\x00-\x1f]{1,64}\Z")
_BILLING = "x-anthropic-billing-header:"
"""How a client's note to one vendor's billing begins; it would spoil every other's cache."""

_FOLLOWS_REASONING = frozenset({"message", "reasoning", "item_reference", "compaction"})
_NOT_FROM_MODEL = ("_output", "_response")


class InputWriter:
    """Writes the items of one request. `native`: the request came in this dialect."""

    def __init__(
        self, destination: Destination, native: bool, naming: Naming, losses: dict[str, None]
    ) -> None:
        self._vendor = destination.vendor
        self._quirks = destination.quirks
        self._native = native
        self._naming = naming
        self._content = ContentWriter(native, destination, losses)
        self._open_calls: dict[str, list[str]] = {}

    def write(self, messages: tuple[Message, ...]) -> list[list[dict[str, Any]]]:
        """The items of each message, in order."""
        return [list(self._message(message)) for message in messages]

    def finish(self, written: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """All items in their order: reasoning without what it led to is left out (the vendor
        refuses it), and every call has its own where the backend wants that."""
        kept = [
            item
            for number, item in enumerate(written)
            if item.get("type") != "reasoning" or _leads_on(written, number)
        ]
        return _reasoning_before_calls(kept) if self._quirks.reasoning_before_each_call else kept

    def _message(self, message: Message) -> Iterator[dict[str, Any]]:
        if message.name is not None:
            self._content.lose("messages.name")
        match message.role:
            case "assistant":
                yield from self._assistant(message.parts)
            case "tool":
                for part in message.parts:
                    yield from self._tool_part(part)
            case role:
                yield from self._plain(message, role)
        if message.role != "tool":
            self._content.unknown(message.extras, "messages")

    def _plain(self, message: Message, role: str) -> Iterator[dict[str, Any]]:
        parts = message.parts
        if not self._native:
            parts = tuple(part for part in parts if not _billing_note(part))
        alone = [part for part in parts if isinstance(part, Vendor) and _is_item(part)]
        parts = tuple(part for part in parts if part not in alone)
        if role == "developer" and not self._quirks.developer_role:
            role = "system"
        if parts or not (alone or message.parts):
            note = note_of(message.extras)
            content = self._content.content(parts)
            yield {"type": "message", **note, "role": role, "content": content}
        for part in alone:
            yield self._vendor_item(part)

    def _assistant(self, parts: tuple[Part, ...]) -> Iterator[dict[str, Any]]:
        if not self._native:
            parts = tuple(p for p in parts if not isinstance(p, Text) or p.text)
        for together in items.group(parts):
            first = together[0]
            match first:
                case Text() | Refusal():
                    yield self._answer(together)
                case Reasoning():
                    yield from self._reasoning(together)
                case ToolCall():
                    yield self._call(first)
                case Vendor(dialect=dialect) if dialect == NAME:
                    yield self._vendor_item(first)
                case Vendor(dialect=dialect, payload=payload):
                    self._content.lose(f"messages.{payload.get('type', dialect)}")
                case _:
                    self._content.lose(f"messages.{type(first).__name__.lower()}")

    def _answer(self, parts: list[Part]) -> dict[str, Any]:
        note = items.message_note(parts)
        head = {"type": "message", **note, "role": "assistant"}
        plain = self._content.plain(parts[0]) if len(parts) == 1 else None
        if plain is not None:
            return {**head, "content": plain}
        said = [part for part in parts if isinstance(part, Text | Refusal)]
        return {**head, "content": [self._content.output_part(part) for part in said]}

    def _reasoning(self, parts: list[Part]) -> Iterator[dict[str, Any]]:
        state = items.state_of(parts)
        bare = opaque.for_backend(state, self._vendor)
        item = items.reasoning_item(parts)
        minted = str(item.get("id", "")).startswith(MINTED_REASONING)
        if minted:
            del item["id"]
        if bare is not None:
            own_id = {"id": state.id} if state and state.id else {}
            sent = item if self._native else items.summed_up(item)
            yield {**sent, **own_id, "encrypted_content": bare}
        elif self._takes_text_back(item) or (self._native and state is None and not minted):
            yield item

    def _takes_text_back(self, item: Mapping[str, Any]) -> bool:
        quirks = self._quirks
        wanted = quirks.wants_reasoning_back or quirks.reasoning_before_each_call
        return wanted and bool(item["summary"] or item.get("content"))

    def _call(self, call: ToolCall) -> dict[str, Any]:
        item = items.call_item(call)
        item["call_id"] = self._call_id(call.id)
        if call.namespace is None:
            item["name"] = self._naming(call.name)
        item.update(self._content.unknown(call.extras, "messages"))
        return item

    def _call_id(self, id_: str) -> str:
        """The id as it travels; one that is used again before its answer is told apart."""
        waiting = self._open_calls.setdefault(id_, [])
        told_apart = f"{id_}#{len(waiting)}" if waiting else id_
        pattern = _CALL_ID if not waiting else _NEVER
        waiting.append(fit(told_apart, pattern, prefix="call_hg"))
        return waiting[-1]

    def _tool_part(self, part: Part) -> Iterator[dict[str, Any]]:
        if not isinstance(part, ToolResult):
            raise Untranslatable("messages", "A tool's message holds results only.")
        waiting = self._open_calls.get(part.call_id)
        call_id = waiting.pop(0) if waiting else fit(part.call_id, _CALL_ID, prefix="call_hg")
        parts: tuple[Part, ...] = part.parts
        if part.is_error:
            parts = _marked_as_error(parts)
        yield {
            "type": "custom_tool_call_output" if part.custom else "function_call_output",
            **note_of(part.extras),
            **self._content.unknown(part.extras, "messages"),
            "call_id": call_id,
            "output": self._content.content(parts) if parts else "",
        }

    def _vendor_item(self, part: Vendor) -> dict[str, Any]:
        if part.payload.get("type") == "item_reference" and not self._native:
            raise Untranslatable("input", "A stored item cannot be referred to here.")
        return dict(part.payload)


_NEVER = re.compile(r"(?!)")


def _is_item(part: Vendor) -> bool:
    """Whether the payload is an item of its own and not a part of a message's content."""
    return part.dialect == NAME and items.caller_said(part.payload)


def _billing_note(part: Part) -> bool:
    return isinstance(part, Text) and part.text.startswith(_BILLING)


def _marked_as_error(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    if parts and isinstance(parts[0], Text):
        return (Text(f"Error: {parts[0].text}"), *parts[1:])
    return (Text("Error: "), *parts)


def _leads_on(written: list[dict[str, Any]], number: int) -> bool:
    """Whether something that the model said follows reasoning."""
    follower = next((i for i in written[number + 1 :] if i.get("type") != "reasoning"), None)
    if follower is None:
        return False
    kind = str(follower.get("type"))
    if kind == "message":
        return follower.get("role") == "assistant"
    return kind in _FOLLOWS_REASONING or not kind.endswith(_NOT_FROM_MODEL)


def _reasoning_before_calls(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    latest: Mapping[str, Any] = {"type": "reasoning", "summary": []}
    for item in written:
        kind = item.get("type")
        if kind == "reasoning":
            latest = {key: value for key, value in item.items() if key != "id"}
        elif kind in items.CALLS and (not out or out[-1].get("type") != "reasoning"):
            out.append(dict(latest))
        elif kind == "message":
            latest = {"type": "reasoning", "summary": []}
        out.append(item)
    return out
