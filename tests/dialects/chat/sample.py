"""Chunks, readers, writers and clients for the tests of this dialect."""

from collections.abc import Iterable, Sequence
from typing import Any

import httpx2
import msgspec
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from headgate.dialects.chat.stream_read import StreamReader
from headgate.dialects.chat.stream_write import StreamWriter
from headgate.dialects.destination import Source
from headgate.dialects.dialect import ReplyContext
from headgate.model import events as ev
from headgate.model.request import HostedTool, Request, Tool
from tests import grammar
from tests.streams import fold

SEED = "abcdefghijklmnopqrstuvwx"
DONE = b"data: [DONE]\n\n"
SOURCE = Source(vendor="v")


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    """One frame of one choice."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    body = {"id": "r1", "created": 7, "model": "m1", "choices": [choice], **more}
    return b"data: " + encode(body) + b"\n\n"


def call(index: int | None, id_: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    """One entry of ``tool_calls``, without what is None."""
    function = {"name": name, "arguments": arguments}
    entry: dict[str, Any] = {"function": {k: v for k, v in function.items() if v is not None}}
    given = {"index": index, "id": id_}
    return {**{k: v for k, v in given.items() if v is not None}, "type": "function", **entry}


def read(data: bytes, source: Source = SOURCE, step: int = 0) -> list[ev.Event]:
    """The events of a whole stream, fed in pieces of `step` bytes (0: at once)."""
    reader = StreamReader(source)
    step = step or len(data) or 1
    events = [e for at in range(0, len(data), step) for e in reader.feed(data[at : at + step])]
    return events + reader.end()


def context(
    include_usage: bool = True, tools: Sequence[Tool | HostedTool] = (), **fields: Any
) -> ReplyContext:
    request = Request(
        dialect="chat",
        model="alias",
        messages=(),
        include_usage=include_usage,
        tools=tuple(tools),
        **fields,
    )
    return ReplyContext(id_seed=SEED, created=7, model="alias", request=request)


def write(events: Iterable[ev.Event], told: ReplyContext | None = None) -> bytes:
    """What a writer makes of a whole stream's events."""
    writer = StreamWriter(told or context())
    return b"".join([*(writer.write(event) for event in events), writer.end()])


def parts_of(data: bytes, source: Source = SOURCE) -> tuple[Any, ...]:
    """The parts of the first choice of a whole stream that keeps the grammar."""
    events = read(data, source)
    grammar.check(events, whole=True)
    return fold(events).choices[0].parts


def reason_of(data: bytes) -> str:
    """Why the first choice of such a stream ended."""
    events = read(data)
    grammar.check(events, whole=True)
    return fold(events).choices[0].reason


def deltas(data: bytes) -> list[dict[str, Any]]:
    """The choices' entries in frames, without the terminator."""
    frames = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: {")]
    return [c for frame in frames for c in msgspec.json.decode(frame).get("choices", ())]


def client(body: bytes, content_type: str = "text/event-stream") -> OpenAI:
    """The official client before a server that answers `body` to everything."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": content_type}, content=body)

    transport = httpx2.Client(transport=httpx2.MockTransport(answer))
    return OpenAI(api_key="k", base_url="http://host/v1", http_client=transport, max_retries=0)


def chunks(body: bytes) -> list[ChatCompletionChunk]:
    """The chunks that the official client yields."""
    stream = client(body).chat.completions.create(model="m", messages=[], stream=True)
    return list(stream)


def completion(body: bytes) -> ChatCompletion:
    """The reply that the official client's own accumulator makes of a stream."""
    with client(body).chat.completions.stream(model="m", messages=[]) as stream:
        stream.until_done()
        return stream.get_final_completion()
