"""Recorded provider streams pass byte for byte to callers of their own dialect, however cut."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from typing_extensions import override

from headgate.testing import Gateway
from tests.faults.caller import ask, question
from tests.faults.raw_backend import RawBackend
from tests.faults.serving import over, serving
from tests.pipeline.fakes import FakeAnswer, Scene, backend
from tests.recordings import streams

RELAYED = ("chat", "messages", "responses")
CUTS = (1, 2, 3, 7, 64, None)
BROKEN = 'data: {"error":'
"""Stands in a recording that its provider broke off with an error."""

every_recording = pytest.mark.parametrize("recorded", streams(*RELAYED))


class Recorded(FakeAnswer):
    """An answer that gives a recording in pieces of one size, at once."""

    def __init__(self, data: bytes, size: int | None) -> None:
        super().__init__()
        step = size or len(data)
        self._cut = iter([data[at : at + step] for at in range(0, len(data), step)])

    @override
    async def read(self) -> bytes:
        return next(self._cut, b"")


def wanted(recorded: dict[str, Any]) -> bytes:
    """The recording's bytes, up to and with its dialect's terminator: one server sends chat's
    behind that of a Responses stream."""
    data: bytes = recorded["sse"].encode()
    return data.removesuffix(b"data: [DONE]\n\n") if recorded["dialect"] == "responses" else data


def asked(recorded: dict[str, Any]) -> dict[str, Any]:
    """What a caller asks for who wants to see all of it."""
    chat = recorded["dialect"] == "chat"
    return {"stream_options": {"include_usage": True}} if chat else {}


def without_usage(data: bytes) -> bytes:
    """A chat stream without the event that only tells usage."""
    return b"".join(frame for frame in re.split(rb"(?<=\n\n)", data) if not _is_usage(frame))


def _is_usage(frame: bytes) -> bool:
    told = frame.strip().removeprefix(b"data:").strip()
    if not told.startswith(b"{"):
        return False
    chunk = json.loads(told)
    return chunk.get("choices") == [] and bool(chunk.get("usage"))


def scene(recorded: dict[str, Any], size: int | None, **more: Any) -> Scene:
    dialect = recorded["dialect"]
    answer = Recorded(recorded["sse"].encode(), size)
    only = backend(speaks=(dialect,))
    return Scene(answer, dialect=dialect, stream=True, backends=[only], **more)


@pytest.mark.parametrize("size", CUTS)
@every_recording
async def test_a_recording_passes_byte_for_byte(recorded: dict[str, Any], size: int | None) -> None:
    told = scene(recorded, size, **asked(recorded))
    caller = await told.run()
    assert caller.body == wanted(recorded)
    assert (caller.status, caller.ending) == (200, "finished")
    assert told.outcome == ("upstream_error" if BROKEN in recorded["sse"] else "complete")


@pytest.mark.parametrize("size", [7, None])
@pytest.mark.parametrize("recorded", streams("chat"))
async def test_usage_alone_is_hidden_from_who_did_not_ask(
    recorded: dict[str, Any], size: int | None
) -> None:
    caller = await scene(recorded, size).run()
    assert caller.body == without_usage(wanted(recorded))


def sample() -> list[Any]:
    """Four recordings of each dialect."""
    return [
        one for name in RELAYED for one in streams(name)[:: max(1, len(streams(name)) // 4)][:4]
    ]


@pytest.fixture(scope="module")
def provider() -> Iterator[RawBackend]:
    with RawBackend(b"") as provider:
        yield provider


@pytest.fixture(scope="module")
def gateway(provider: RawBackend) -> Iterator[Gateway]:
    with serving(over(provider.url)) as gateway:
        yield gateway


@pytest.mark.parametrize("recorded", sample())
def test_a_recording_passes_through_a_process(
    provider: RawBackend, gateway: Gateway, recorded: dict[str, Any]
) -> None:
    data = recorded["sse"].encode()
    pieces = [data[at : at + 100] for at in range(0, len(data), 100)]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b"")]
    provider.answer = b"".join((head, b"connection: close\r\n\r\n", *chunks))
    dialect = recorded["dialect"]
    answer = ask(gateway.url, dialect, question(dialect, dialect, **asked(recorded)))
    assert answer.ended == "clean"
    assert answer.body == wanted(recorded)
