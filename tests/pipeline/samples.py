"""Requests, streams and replies, as callers and backends would say them."""

from typing import Any

import msgspec

from headgate.wire import sse

SEED = "abcdefghijklmnopqrstuvwxyz"
SSE = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}


def chunk(text: str = "", finish: str | None = None, **fields: Any) -> bytes:
    """A chunk of a chat stream."""
    delta = {"content": text} if text else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "model": "up-model", "created": 7}
    return sse.write(msgspec.json.encode({**body, "choices": [choice], **fields}))


USAGE = sse.write(
    msgspec.json.encode(
        {
            "id": "c1",
            "object": "chat.completion.chunk",
            "choices": [],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        }
    )
)
DONE = b"data: [DONE]\n\n"
CHAT = (chunk("Hello"), chunk(" there"), chunk(finish="stop"), USAGE, DONE)
"""A whole chat stream, a frame a piece."""


def message(kind: str, **fields: Any) -> bytes:
    """An event of a Messages stream."""
    return sse.write(msgspec.json.encode({"type": kind, **fields}), kind)


MESSAGES = (
    message(
        "message_start",
        message={
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "up-model",
            "content": [],
            "usage": {"input_tokens": 5, "output_tokens": 1},
        },
    ),
    message("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    message("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello"}),
    message("content_block_delta", index=0, delta={"type": "text_delta", "text": " there"}),
    message("content_block_stop", index=0),
    message(
        "message_delta",
        delta={"stop_reason": "end_turn", "stop_sequence": None},
        usage={"output_tokens": 2},
    ),
    message("message_stop"),
)
"""A whole Messages stream, an event a piece."""

REPLY = msgspec.json.encode(
    {
        "id": "c1",
        "object": "chat.completion",
        "created": 7,
        "model": "up-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
)
"""A whole chat reply."""


def asking(dialect: str = "chat", model: str = "fast", **fields: Any) -> bytes:
    """A request of `dialect` for `model`."""
    user = [{"role": "user", "content": "Hi"}]
    said: dict[str, Any] = {"input": "Hi"} if dialect == "responses" else {"messages": user}
    if dialect == "messages":
        said["max_tokens"] = 64
    return msgspec.json.encode({"model": model, **said, **fields})


def response(kind: str, **fields: Any) -> bytes:
    """An event of a Responses stream."""
    return sse.write(msgspec.json.encode({"type": kind, **fields}), kind)


def _resource(status: str, **fields: Any) -> dict[str, Any]:
    return {"id": "resp_1", "object": "response", "model": "up-model", "status": status, **fields}


_ITEM = {"id": "msg_1", "type": "message", "role": "assistant"}
_TEXT = {"type": "output_text", "text": "Hello there", "annotations": []}
_AT = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
RESPONSES = (
    response("response.created", sequence_number=0, response=_resource("in_progress", output=[])),
    response(
        "response.output_item.added",
        sequence_number=1,
        output_index=0,
        item={**_ITEM, "status": "in_progress", "content": []},
    ),
    response("response.content_part.added", sequence_number=2, **_AT, part={**_TEXT, "text": ""}),
    response("response.output_text.delta", sequence_number=3, **_AT, delta="Hello"),
    response("response.output_text.delta", sequence_number=4, **_AT, delta=" there"),
    response("response.output_text.done", sequence_number=5, **_AT, text="Hello there"),
    response("response.content_part.done", sequence_number=6, **_AT, part=_TEXT),
    response(
        "response.output_item.done",
        sequence_number=7,
        output_index=0,
        item={**_ITEM, "status": "completed", "content": [_TEXT]},
    ),
    response(
        "response.completed",
        sequence_number=8,
        response=_resource(
            "completed",
            output=[{**_ITEM, "status": "completed", "content": [_TEXT]}],
            usage={"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
        ),
    ),
)
"""A whole Responses stream, an event a piece."""
