"""One answer, "Hello", as a stream of each dialect, frame by frame, and how callers hear its end.

``OPENING`` counts the frames up to and with the first piece of text, ``FINISH`` those up to and
with what makes the reply whole; the last frame is the terminator.
"""

import json
from typing import Any

from tests.faults.caller import frames

CREATED = 1700000000


def _data(value: Any) -> bytes:
    return b"data: " + _json(value) + b"\n\n"


def _named(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\n".encode() + _data(value)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({**_CHUNK, "choices": [choice], "vendor_note": {"kept": True}})


_CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": CREATED,
    "model": "mock-1",
}
_USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}

DONE = b"data: [DONE]\n\n"
CHAT = (
    _chunk({"role": "assistant", "content": ""}),
    _chunk({"content": "Hel"}),
    _chunk({"content": "lo"}),
    _chunk({}, "stop"),
    _data({**_CHUNK, "choices": [], "usage": _USAGE}),
    DONE,
)

MESSAGE_STOP = _named({"type": "message_stop"})
_TEXT = {"type": "text_delta"}
MESSAGES = (
    _named(
        {
            "type": "message_start",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "mock-1",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 5, "output_tokens": 1},
                "vendor_note": {"kept": True},
            },
        }
    ),
    _named(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        }
    ),
    _named({"type": "content_block_delta", "index": 0, "delta": {**_TEXT, "text": "Hel"}}),
    _named({"type": "content_block_delta", "index": 0, "delta": {**_TEXT, "text": "lo"}}),
    _named({"type": "content_block_stop", "index": 0}),
    _named(
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 2},
        }
    ),
    MESSAGE_STOP,
)

RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": CREATED,
    "status": "in_progress",
    "model": "mock-1",
    "output": [],
    "usage": None,
    "vendor_note": {"kept": True},
}
_PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
_PART = {"type": "output_text", "text": "Hello", "annotations": []}
_ITEM = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [_PART],
}
_COMPLETED = {
    **RESPONSE,
    "status": "completed",
    "output": [_ITEM],
    "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
}
_RESPONSES: tuple[dict[str, Any], ...] = (
    {"type": "response.created", "response": RESPONSE},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {**_ITEM, "status": "in_progress", "content": []},
    },
    {"type": "response.content_part.added", **_PLACE, "part": {**_PART, "text": ""}},
    {"type": "response.output_text.delta", **_PLACE, "delta": "Hel"},
    {"type": "response.output_text.delta", **_PLACE, "delta": "lo"},
    {"type": "response.output_text.done", **_PLACE, "text": "Hello"},
    {"type": "response.content_part.done", **_PLACE, "part": _PART},
    {"type": "response.output_item.done", "output_index": 0, "item": _ITEM},
    {"type": "response.completed", "response": _COMPLETED},
)
RESPONSES = tuple(
    _named({**event, "sequence_number": number}) for number, event in enumerate(_RESPONSES)
)


def _gemini(text: str, finish: str | None = None) -> bytes:
    candidate: dict[str, Any] = {
        "index": 0,
        "content": {"role": "model", "parts": [{"text": text}]},
    }
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}
    told = {"candidates": [candidate], "usageMetadata": usage, "responseId": "g1"}
    return _data({**told, "modelVersion": "mock-1"})


GEMINI = (_gemini("Hel"), _gemini("lo"), _gemini("", "STOP"))

FRAMES = {"chat": CHAT, "messages": MESSAGES, "responses": RESPONSES, "gemini": GEMINI}
OPENING = {"chat": 2, "messages": 3, "responses": 4, "gemini": 1}
FINISH = {"chat": 4, "messages": 6, "responses": 9, "gemini": 3}
"""How many frames make the reply whole."""

INBAND = {
    "chat": _data({"error": {"message": "Too busy.", "type": "server_error", "code": "busy"}}),
    "messages": _named(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Too busy."}}
    ),
    "responses": _named(
        {"type": "error", "code": "server_error", "message": "Too busy.", "param": None}
    ),
    "gemini": _data({"error": {"code": 500, "message": "Too busy.", "status": "INTERNAL"}}),
}
"""An error event of each dialect."""


def raw(*sent: bytes) -> dict[str, Any]:
    """A script that sends these frames as they are, and then closes cleanly."""
    return {"events": [{"raw": frame.decode()} for frame in sent], "no_terminator": True}


def text_of(dialect: str, body: bytes) -> str:
    """The text that a stream to a caller says."""
    said = ""
    for frame in frames(body):
        data = frame.partition(b"data: ")[2].strip()
        if not data or data == b"[DONE]":
            continue
        value = json.loads(data)
        if dialect == "chat":
            said += "".join(c["delta"].get("content") or "" for c in value.get("choices", []))
        elif value["type"] == "content_block_delta":
            said += value["delta"]["text"]
        elif value["type"] == "response.output_text.delta":
            said += value["delta"]
    return said
