"""Anthropic Messages as the scripted upstream speaks it."""

from typing import Any

from headgate.mock.lookup import count_words, items, member, text_of
from headgate.mock.voice import Failure, Heard, Payload, Said, Voice, error_type
from headgate.wire import json_text


def hear(body: Payload, stream: bool) -> Heard:
    """The system prompt counts as words of the prompt."""
    texts = [(one.get("role"), text_of(one.get("content"))) for one in items(body.get("messages"))]
    last = next((text for role, text in reversed(texts) if role == "user"), "")
    words = sum(count_words(text) for _, text in texts) + count_words(text_of(body.get("system")))
    return Heard(last, words)


def speak(said: Said) -> list[Payload]:
    """One text block between its start and stop, then the stop reason."""
    last: Payload = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    }
    if said.usage:
        last["usage"] = {"output_tokens": said.completion_tokens}
    return [
        {"type": "message_start", "message": _opening(said)},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(_delta(piece) for piece in said.pieces),
        {"type": "content_block_stop", "index": 0},
        last,
    ]


def fold(payloads: list[Any], said: Said) -> Payload:
    """The message that the events add up to."""
    message = {key: value for key, value in _opening(said).items() if key != "usage"}
    usage: Payload = {}
    blocks: dict[int, Payload] = {}
    for payload in items(payloads):
        begun = member(payload, "message")
        message.update((key, value) for key, value in begun.items() if key != "content")
        usage.update(member(begun, "usage"))
        usage.update(member(payload, "usage"))
        if payload.get("type") == "message_delta":
            message.update(member(payload, "delta"))
        else:
            _add_block(blocks, payload)
    message["content"] = [_whole_block(blocks[index]) for index in sorted(blocks)]
    return {**message, "usage": usage} if usage else message


def terminator(payloads: list[Any], said: Said) -> Payload | None:
    """``message_stop``, unless the payloads have it or end in an error."""
    last = payloads[-1] if payloads else None
    if is_terminator(last) or (isinstance(last, dict) and last.get("type") == "error"):
        return None
    return {"type": "message_stop"}


def is_terminator(payload: Any) -> bool:
    """Whether this is ``message_stop``."""
    return isinstance(payload, dict) and payload.get("type") == "message_stop"


def error(failure: Failure) -> Payload:
    """The error object, the same in a body and in a stream."""
    kind = error_type(failure.status, "anthropic")
    return {"type": "error", "error": {"type": kind, "message": failure.message}}


def _opening(said: Said) -> Payload:
    opening: Payload = {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    if said.usage:
        opening["usage"] = {
            "input_tokens": said.prompt_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": min(1, said.completion_tokens),
        }
    return opening


def _delta(piece: str) -> Payload:
    delta = {"type": "text_delta", "text": piece}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def _add_block(blocks: dict[int, Payload], payload: Payload) -> None:
    index = payload.get("index")
    if not isinstance(index, int):
        return
    block = blocks.setdefault(index, {})
    block.update(member(payload, "content_block"))
    delta = member(payload, "delta")
    for key in ("text", "thinking", "partial_json"):
        if isinstance(delta.get(key), str):
            before = block.get(key)
            block[key] = (before if isinstance(before, str) else "") + delta[key]
    if "signature" in delta:
        block["signature"] = delta["signature"]
    if "citation" in delta:
        block["citations"] = [*items(block.get("citations")), delta["citation"]]


def _whole_block(block: Payload) -> Payload:
    arguments = block.pop("partial_json", "")
    if arguments:
        block["input"] = json_text.object_or_none(arguments) or {}
    return block


VOICE = Voice(
    hear=hear,
    speak=speak,
    fold=fold,
    terminator=terminator,
    is_terminator=is_terminator,
    error=error,
    named=True,
)
