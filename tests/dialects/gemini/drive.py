"""Short ways to make Gemini traffic and to run it through the dialect."""

from typing import Any

import msgspec

from headgate.dialects.destination import Abilities, Destination, Source
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.gemini import GEMINI
from headgate.model import events as ev
from headgate.model.parts import Part
from headgate.model.request import Message, Request
from tests.streams import fold

GOOGLE = Source(vendor="google")
LEVEL = Destination(model="gemini-3-pro", vendor="google", abilities=Abilities(thinking="level"))
BUDGET = Destination(
    model="gemini-2.5-flash", vendor="google", abilities=Abilities(thinking="budget")
)


def response(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One response object with one candidate; `more` are fields of the candidate."""
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    return {"candidates": [{**content, **more}], "responseId": "r1", "modelVersion": "gemini-x"}


def call(name: str, args: Any = None, **more: Any) -> dict[str, Any]:
    """A part with a function call; `more` are fields of the part."""
    return {"functionCall": {"name": name, "args": args or {}}, **more}


def stream(*responses: dict[str, Any]) -> bytes:
    """The responses as Google frames them."""
    return b"".join(b"data: " + msgspec.json.encode(each) + b"\r\n\r\n" for each in responses)


def read(
    data: bytes, source: Source = GOOGLE, size: int = 1 << 30, ends: bool = True
) -> list[ev.Event]:
    """All events in `data`, fed in pieces of `size`."""
    reader = GEMINI.backend.open_reader(source)
    events = [
        event
        for start in range(0, len(data), size)
        for event in reader.feed(data[start : start + size])
    ]
    return events + (reader.end() if ends else [])


def parts(*responses: dict[str, Any], source: Source = GOOGLE) -> tuple[Part, ...]:
    """The parts of the one choice in a stream of `responses`."""
    (choice,) = fold(read(stream(*responses), source)).choices
    return choice.parts


def ask(*messages: Message, **more: Any) -> Request:
    """A chat caller's request."""
    return Request(**{"dialect": "chat", "model": "m", "messages": messages, **more})


def write(request: Request, destination: Destination = LEVEL) -> WrittenRequest:
    """The request in Gemini's words."""
    return GEMINI.backend.write_request(request, destination)


def body(request: Request, destination: Destination = LEVEL) -> dict[str, Any]:
    """The decoded body of the request in Gemini's words."""
    decoded: dict[str, Any] = msgspec.json.decode(write(request, destination).body)
    return decoded
