"""What these tests stand on: a source, destinations, a context, and small streams."""

from typing import Any

import anthropic
import httpx2
import msgspec

from headgate.dialects.destination import Abilities, Destination, Quirks, Source
from headgate.dialects.dialect import ReplyContext, WrittenRequest
from headgate.dialects.messages import MESSAGES
from headgate.model import events as ev
from headgate.model.parts import Extras, Part
from headgate.model.request import Message, Request, ToolRef
from tests.streams import named_frames

ANTHROPIC = Source(vendor="anthropic")
SEED = "abcdefghijklmnopqrstuvwxyz"

assert MESSAGES.caller is not None
CALLER = MESSAGES.caller
BACKEND = MESSAGES.backend


def context(**changes: Any) -> ReplyContext:
    """The context of a reply to the caller's model ``fast``."""
    request = Request(dialect="messages", model="fast", messages=())
    given = ReplyContext(id_seed=SEED, created=1, model="fast", request=request)
    return msgspec.structs.replace(given, **changes)


def destination(
    vendor: str = "anthropic", quirks: Quirks | None = None, **able: Any
) -> Destination:
    """A target whose model is called ``claude`` and can do what `able` says."""
    abilities = Abilities(**{"thinking": "adaptive_or_budget", **able})
    return Destination(
        model="claude", vendor=vendor, quirks=quirks or Quirks(), abilities=abilities
    )


def asked(*messages: Message, dialect: str = "chat", **fields: Any) -> Request:
    """A request of `dialect`."""
    return Request(dialect=dialect, model="fast", messages=messages, **fields)


def said(role: Any, *parts: Part) -> Message:
    """One message."""
    return Message(role, parts)


def written(request: Request, target: Destination | None = None) -> dict[str, Any]:
    """The body that is written for `request`."""
    body: dict[str, Any] = msgspec.json.decode(write(request, target).body)
    return body


def write(request: Request, target: Destination | None = None) -> WrittenRequest:
    """What is written for `request`."""
    return BACKEND.write_request(request, target or destination())


def event(name: str, **fields: Any) -> bytes:
    """One event of a backend's stream."""
    data = msgspec.json.encode({"type": name, **fields})
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def start(index: int, **block: Any) -> bytes:
    """A ``content_block_start``."""
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **fields: Any) -> bytes:
    """A ``content_block_delta``."""
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def stop(index: int) -> bytes:
    """A ``content_block_stop``."""
    return event("content_block_stop", index=index)


OPENED = event(
    "message_start",
    message={
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    },
)


def closed(reason: str | None = "end_turn", **usage: int) -> bytes:
    """The end of a stream."""
    delta_ = {"stop_reason": reason, "stop_sequence": None}
    counted = {"output_tokens": 5, **usage}
    return event("message_delta", delta=delta_, usage=counted) + event("message_stop")


def read(stream: bytes, source: Source = ANTHROPIC) -> list[ev.Event]:
    """The events of a whole stream."""
    reader = BACKEND.open_reader(source)
    return [*reader.feed(stream), *reader.end()]


def spoken(events: list[ev.Event], **changes: Any) -> bytes:
    """The stream that a caller gets for `events`."""
    writer = CALLER.open_writer(context(**changes))
    return b"".join(writer.write(event_) for event_ in events) + writer.end()


def blocks(stream: bytes) -> list[str]:
    """The shape of a stream that we wrote: ``start 0 text``, ``text_delta 0``, ``stop 0`` …"""
    shape = []
    for value in named_frames(stream):
        kind = value["type"]
        if kind == "content_block_start":
            shape.append(f"start {value['index']} {value['content_block']['type']}")
        elif kind == "content_block_delta":
            shape.append(f"{value['delta']['type']} {value['index']}")
        elif kind == "content_block_stop":
            shape.append(f"stop {value['index']}")
        else:
            shape.append(kind)
    return shape


def accumulate(stream: bytes) -> dict[str, Any]:
    """What the vendor's own client makes of a stream. Raises its errors."""
    reply = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    transport = httpx2.MockTransport(lambda request: reply)
    with (
        httpx2.Client(transport=transport) as http,
        anthropic.Anthropic(api_key="key", http_client=http, max_retries=0) as client,
        client.beta.messages.stream(
            model="fast", max_tokens=10, messages=[{"role": "user", "content": "hi"}]
        ) as stream_,
    ):
        message = stream_.get_final_message()
    found: dict[str, Any] = message.to_dict()
    return found


def owned(**extras: Any) -> Extras:
    """Extras of a reply as this dialect's reader leaves them."""
    return {"messages": extras}


def ref(name: str) -> ToolRef:
    """A tool by its name."""
    return ToolRef(name)
