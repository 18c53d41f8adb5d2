"""Short ways to make Converse traffic and to run it through the dialect."""

from typing import Any

import msgspec

from headgate.dialects.converse import CONVERSE
from headgate.dialects.destination import Abilities, Destination, Source
from headgate.dialects.dialect import WrittenRequest
from headgate.model import events as ev
from headgate.model.parts import Part
from headgate.model.request import Message, Request
from headgate.wire import aws_eventstream
from tests.streams import fold

CLAUDE = Source(vendor="anthropic")
ADAPTIVE = Destination(
    model="anthropic.claude", vendor="anthropic", abilities=Abilities(thinking="adaptive")
)
MANUAL = Destination(
    model="anthropic.claude", vendor="anthropic", abilities=Abilities(thinking="budget")
)

Event = tuple[str, dict[str, Any]]

START: Event = ("messageStart", {"role": "assistant"})
USAGE = {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}
METADATA: Event = ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}})


def stop(reason: str = "end_turn", **more: Any) -> Event:
    """The event that ends a message."""
    return "messageStop", {"stopReason": reason, **more}


def delta(index: int, **said: Any) -> Event:
    """A delta of block `index`."""
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": said}


def begin(index: int, **start: Any) -> Event:
    """The start of block `index`."""
    return "contentBlockStart", {"contentBlockIndex": index, "start": start}


def over(index: int) -> Event:
    """The end of block `index`."""
    return "contentBlockStop", {"contentBlockIndex": index}


def tool(index: int, id_: str, name: str, *pieces: str) -> list[Event]:
    """A whole tool call."""
    return [
        begin(index, toolUse={"toolUseId": id_, "name": name}),
        *(delta(index, toolUse={"input": piece}) for piece in pieces),
        over(index),
    ]


def frame(kind: str, payload: Any, **headers: str) -> bytes:
    """One event as AWS frames it."""
    given = {f":{name.replace('_', '-')}": value for name, value in headers.items()}
    default = {
        ":event-type": kind,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return aws_eventstream.encode({**default, **given}, msgspec.json.encode(payload))


def stream(*events: Event) -> bytes:
    """The events as AWS frames them."""
    return b"".join(frame(kind, payload) for kind, payload in events)


def exception(name: str, message: str) -> bytes:
    """An exception inside the stream."""
    headers = {":exception-type": name, ":message-type": "exception"}
    return aws_eventstream.encode(headers, msgspec.json.encode({"message": message}))


def read(data: bytes, source: Source = CLAUDE, size: int = 1 << 30) -> list[ev.Event]:
    """All events in `data`, fed in pieces of `size`."""
    reader = CONVERSE.backend.open_reader(source)
    events = [
        event
        for start in range(0, len(data), size)
        for event in reader.feed(data[start : start + size])
    ]
    return events + reader.end()


def parts(*events: Event, source: Source = CLAUDE) -> tuple[Part, ...]:
    """The parts of a reply of `events`, begun and ended."""
    (choice,) = fold(read(stream(START, *events, stop(), METADATA), source)).choices
    return choice.parts


def ask(*messages: Message, **more: Any) -> Request:
    """A messages caller's request."""
    return Request(**{"dialect": "messages", "model": "m", "messages": messages, **more})


def write(request: Request, destination: Destination = ADAPTIVE) -> WrittenRequest:
    """The request in Converse's words."""
    return CONVERSE.backend.write_request(request, destination)


def body(request: Request, destination: Destination = ADAPTIVE) -> dict[str, Any]:
    """The decoded body of the request in Converse's words."""
    decoded: dict[str, Any] = msgspec.json.decode(write(request, destination).body)
    return decoded
