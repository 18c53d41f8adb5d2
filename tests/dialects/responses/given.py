"""What these tests stand on: a source, destinations, a context, and small streams."""

from typing import Any

import httpx2
import msgspec
import openai

from headgate.dialects.destination import Abilities, Destination, Quirks, Source
from headgate.dialects.dialect import ReplyContext, WrittenRequest
from headgate.dialects.responses import RESPONSES
from headgate.model import events as ev
from headgate.model.parts import Part
from headgate.model.request import Message, Request
from tests.streams import fold, named_frames

OPENAI = Source(vendor="openai")
SEED = "abcdefghijklmnopqrstuvwxyz"

assert RESPONSES.caller is not None
CALLER = RESPONSES.caller
BACKEND = RESPONSES.backend


def context(body: dict[str, Any] | None = None) -> ReplyContext:
    """The context of a reply to the caller's model ``fast``, who sent `body`."""
    return ReplyContext(
        id_seed=SEED, created=1000, model="fast", request=asked_here(**(body or {"input": "hi"}))
    )


def destination(vendor: str = "openai", quirks: Quirks | None = None, **able: Any) -> Destination:
    """A target whose model is called ``gpt`` and can do what `able` says."""
    return Destination(
        model="gpt", vendor=vendor, quirks=quirks or Quirks(), abilities=Abilities(**able)
    )


def asked_here(**body: Any) -> Request:
    """The request in a body of this dialect."""
    return CALLER.read_request(msgspec.json.encode({"model": "fast", **body}))


def asked(*messages: Message, dialect: str = "chat", **fields: Any) -> Request:
    """A request of another dialect."""
    return Request(dialect=dialect, model="fast", messages=messages, **fields)


def said(role: Any, *parts: Part) -> Message:
    """One message."""
    return Message(role, parts)


def write(request: Request, target: Destination | None = None) -> WrittenRequest:
    """What is written for `request`."""
    return BACKEND.write_request(request, target or destination())


def written(request: Request, target: Destination | None = None) -> dict[str, Any]:
    """The body that is written for `request`."""
    body: dict[str, Any] = msgspec.json.decode(write(request, target).body)
    return body


def items(request: Request, target: Destination | None = None) -> list[dict[str, Any]]:
    """The input items that are written for `request`."""
    found: list[dict[str, Any]] = written(request, target)["input"]
    return found


def event(kind: str, **fields: Any) -> bytes:
    """One event of a backend's stream."""
    data = msgspec.json.encode({"type": kind, **fields})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


CREATED = event(
    "response.created",
    sequence_number=0,
    response={"id": "resp_1", "model": "gpt", "created_at": 7, "status": "in_progress"},
)


def added(index: int, **item: Any) -> bytes:
    """An item began."""
    return event("response.output_item.added", output_index=index, item=item)


def done(index: int, **item: Any) -> bytes:
    """An item ended."""
    return event("response.output_item.done", output_index=index, item=item)


def text_delta(index: int, text: str, content_index: int = 0) -> bytes:
    """More text of a message."""
    place = {"output_index": index, "content_index": content_index, "item_id": f"i{index}"}
    return event("response.output_text.delta", **place, delta=text)


def completed(*output: dict[str, Any], **response: Any) -> bytes:
    """The last event of a whole stream."""
    whole = {"id": "resp_1", "status": "completed", "output": list(output), **response}
    return event("response.completed", response=whole)


def read(stream: bytes, source: Source = OPENAI) -> list[ev.Event]:
    """The events of a whole stream."""
    reader = BACKEND.open_reader(source)
    return [*reader.feed(stream), *reader.end()]


def parts(stream: bytes, source: Source = OPENAI) -> tuple[Part, ...]:
    """The parts of the answer in a stream."""
    return fold(read(stream, source)).choices[0].parts


def spoken(*events: ev.Event, body: dict[str, Any] | None = None) -> bytes:
    """The stream that a caller gets for `events`."""
    writer = CALLER.open_writer(context(body))
    return b"".join(writer.write(event_) for event_ in events) + writer.end()


def kinds(stream: bytes) -> list[str]:
    """The types of the events in a stream that we wrote, without the common prefix."""
    return [frame["type"].removeprefix("response.") for frame in named_frames(stream)]


def accumulate(stream: bytes) -> dict[str, Any]:
    """What the official client makes of a stream."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    transport = httpx2.MockTransport(answer)
    client = openai.OpenAI(
        api_key="k", base_url="http://x/v1", http_client=httpx2.Client(transport=transport)
    )
    with client.responses.stream(model="fast", input="hi") as opened:
        final = opened.get_final_response()
    found: dict[str, Any] = final.to_dict()
    return found
