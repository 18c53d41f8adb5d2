"""Items that requests and replies share: messages of the model, reasoning, calls of tools."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from headgate.dialects.responses.content_read import read_content, read_output_text
from headgate.dialects.responses.notes import NAME, extras_of, note_of, without
from headgate.model import media
from headgate.model.parts import Image, Part, Reasoning, Refusal, Text, ToolCall, Vendor
from headgate.model.state import OpaqueState
from headgate.wire import json_text
from headgate.wire.json_fields import objects, text

OpenState = Callable[[str, str | None], OpaqueState | None]
"""Makes the state of encrypted content and the id of its item."""

CALLS = frozenset({"function_call", "custom_tool_call"})

_FROM_CALLER = frozenset(
    {
        "local_shell_call_output",
        "shell_call_output",
        "apply_patch_call_output",
        "computer_call_output",
        "mcp_approval_response",
        "compaction_trigger",
        "configuration_update",
    }
)

_BLANK_LINE = "\n\n"


def read_message(item: Mapping[str, Any], param: str) -> list[Part]:
    """The parts of an assistant's message, each with the item's bookkeeping."""
    note = without(item, "type", "role", "content")
    content = item.get("content")
    if isinstance(content, str):
        return [Text(content, extras=extras_of(note))]
    parts: list[Part] = []
    for number, part in enumerate(content if isinstance(content, list) else ()):
        if isinstance(part, dict) and part.get("type") in ("output_text", "text", "input_text"):
            parts.append(read_output_text(part, note))
        elif not isinstance(part, dict) or text(part, "type"):
            parts.extend(read_content([part], f"{param}.content[{number}]"))
    return parts


def read_reasoning(item: Mapping[str, Any], open_state: OpenState) -> list[Part]:
    """The one or two parts of a reasoning item: its summary, its full text. The state is with
    the last; an item without text is one empty part."""
    summary, content = _texts(item, "summary"), _texts(item, "content")
    note = without(item, "type", "encrypted_content", "summary", "content")
    if item.get("summary") != _text_list("summary_text", summary):
        note["summary"] = item.get("summary")
    if "content" in item and item["content"] != _text_list("reasoning_text", content):
        note["content"] = item["content"]
    elif item.get("content") == []:
        note["content"] = []
    encrypted = text(item, "encrypted_content")
    state = open_state(encrypted, text(item, "id") or None) if encrypted else None
    extras = extras_of(note)
    if not content:
        return [Reasoning(summary, True, state, extras)]
    full = Reasoning(content, False, state, extras)
    return [Reasoning(summary, True, None, extras), full] if summary else [full]


def read_call(item: Mapping[str, Any]) -> ToolCall:
    """A call of one of the caller's tools."""
    custom = item.get("type") == "custom_tool_call"
    known = ("type", "call_id", "name", "namespace", "input" if custom else "arguments")
    return ToolCall(
        text(item, "call_id") or text(item, "id"),
        text(item, "name"),
        text(item, "input") if custom else _arguments(item.get("arguments")),
        custom,
        text(item, "namespace") or None,
        extras=extras_of(without(item, *known)),
    )


def read_whole(item: Mapping[str, Any]) -> Part:
    """An item that comes whole: a picture that the vendor made, or what only it can say."""
    if item.get("type") != "image_generation_call" or not text(item, "result"):
        return Vendor(NAME, item)
    form = text(item, "output_format") or "png"
    source = media.inline(f"image/{form}", text(item, "result"))
    return Image(source, extras=extras_of(without(item, "result")))


def picture_item(image: Image, data: str) -> dict[str, Any]:
    """The item of a picture that was made, without an id where its vendor gave none."""
    made = {"type": "image_generation_call", "status": "completed"}
    return {**made, **note_of(image.extras), "result": data}


def caller_said(item: Mapping[str, Any]) -> bool:
    """Whether an item without counterparts elsewhere comes from the caller, not the model."""
    kind = text(item, "type")
    run_by_caller = item.get("execution") == "client" and kind.endswith("_output")
    return kind in _FROM_CALLER or run_by_caller


def group(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Parts that make one item together: texts of one message, the two halves of a reasoning."""
    held: list[Part] = []
    for part in parts:
        if held and _one_item(held[-1], part):
            held.append(part)
            continue
        if held:
            yield held
        held = [part]
    if held:
        yield held


def message_note(parts: list[Part]) -> Mapping[str, Any]:
    """The bookkeeping of a message's parts."""
    return next((note_of(part.extras) for part in parts if isinstance(part, Text)), {})


def reasoning_item(parts: list[Part]) -> dict[str, Any]:
    """A reasoning item, all but its encrypted content."""
    halves = [part for part in parts if isinstance(part, Reasoning)]
    summary = "".join(half.text for half in halves if half.summary)
    content = "".join(half.text for half in halves if not half.summary)
    note = note_of(halves[0].extras)
    item: dict[str, Any] = {"type": "reasoning", **without(note, "summary", "content")}
    item["summary"] = _as_it_was(note, "summary", summary)
    if content or "content" in note:
        item["content"] = _as_it_was(note, "content", content)
    return item


def summed_up(item: Mapping[str, Any]) -> dict[str, Any]:
    """A reasoning item with all its text in the summary, where OpenAI alone takes it back:
    ``content`` is "Expected an array with maximum length 0" (musistudio/claude-code-router#1783).
    """
    said = [_texts(item, "summary"), _texts(item, "content")]
    joined = _BLANK_LINE.join(words for words in said if words)
    return {**without(item, "content"), "summary": _text_list("summary_text", joined)}


def state_of(parts: list[Part]) -> OpaqueState | None:
    """The state of a reasoning item's parts: the last one counts."""
    states = [part.state for part in parts if isinstance(part, Reasoning) and part.state]
    return states[-1] if states else None


def call_item(call: ToolCall) -> dict[str, Any]:
    """A call's item with the caller's own names."""
    item: dict[str, Any] = {
        "type": "custom_tool_call" if call.custom else "function_call",
        **note_of(call.extras),
        "call_id": call.id,
        "name": call.name,
    }
    if call.namespace is not None:
        item["namespace"] = call.namespace
    if call.custom:
        item["input"] = call.arguments
    else:
        item["arguments"] = call.arguments or "{}"
    return item


def minted_tail(seed: str, number: int) -> str:
    """What follows the prefix of the `number`-th id made from `seed`."""
    return f"{seed}{number:03x}"


def _arguments(value: Any) -> str:
    """JSON text; servers that send the object itself are understood."""
    if isinstance(value, dict):
        return json_text.encode_text(value)
    return value if isinstance(value, str) and value else "{}"


def _texts(item: Mapping[str, Any], key: str) -> str:
    found = (text(part, "text") for part in objects(item, key))
    return _BLANK_LINE.join(part for part in found if part)


def _text_list(kind: str, joined: str) -> list[dict[str, Any]]:
    return [{"type": kind, "text": joined}] if joined else []


def _as_it_was(note: Mapping[str, Any], key: str, joined: str) -> Any:
    """The list as it was read where it still says `joined`, else one part."""
    if key in note and _texts(note, key) == joined:
        return note[key]
    return _text_list("summary_text" if key == "summary" else "reasoning_text", joined)


def _one_item(earlier: Part, later: Part) -> bool:
    if isinstance(later, Text | Refusal) and isinstance(earlier, Text | Refusal):
        if isinstance(later, Refusal) or isinstance(earlier, Refusal):
            return True
        return note_of(earlier.extras).get("id") == note_of(later.extras).get("id")
    if not isinstance(later, Reasoning) or not isinstance(earlier, Reasoning):
        return False
    id_ = note_of(earlier.extras).get("id")
    halves = earlier.state is None and earlier.summary and not later.summary
    return halves and id_ is not None and id_ == note_of(later.extras).get("id")
