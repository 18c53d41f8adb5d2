import pytest

from headgate.dialects.dialect import Dialect
from headgate.dialects.endpoints import find
from headgate.model.fault import Fault
from headgate.pipeline.passed import Passed, kind_of, note_bytes
from headgate.pipeline.recording import Recording
from tests.pipeline.fakes import FakeAnswer, Scene

SOUND = b"ID3\x04"
FRAME = b'data: {"type":"speech.audio.delta"}\n\n'


def dialect(path: str) -> Dialect:
    found = find(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "content_type", "head", "kind"),
    [
        ("/v1/audio/speech", "audio/mpeg", SOUND, "bytes"),
        ("/v1/audio/speech", "application/octet-stream", b"{", "bytes"),
        ("/v1/audio/speech", "", SOUND, "bytes"),
        ("/v1/audio/speech", "", b' {"a":1}', "whole"),
        ("/v1/audio/speech", "application/json; charset=utf-8", b"{", "whole"),
        ("/v1/audio/speech", "text/html", b"<html>", "whole"),
        ("/v1/audio/speech", "text/event-stream", FRAME, "events"),
        ("/v1/audio/transcriptions", "text/plain; charset=utf-8", b"Hello", "bytes"),
        ("/v1/embeddings", "audio/mpeg", SOUND, "whole"),
        ("/v1/embeddings", "text/plain", b"{}", "whole"),
        ("/v1/images/generations", "text/event-stream", FRAME, "events"),
        ("/v1/images/generations", "text/event-stream", b"{}", "whole"),
    ],
)
def test_what_a_reply_is_decides_how_it_passes(
    path: str, content_type: str, head: bytes, kind: str
) -> None:
    answer = FakeAnswer(headers={"content-type": content_type} if content_type else {})
    assert kind_of(dialect(path), answer, head) == kind


def test_bytes_pass_unread_and_have_no_last_word() -> None:
    gear = Passed(is_text=False)
    assert gear.feed(b"") + gear.feed(SOUND) + gear.end() + gear.close() == SOUND
    assert gear.fail(Fault(kind="timeout", message="x")) == b""
    assert (gear.facts.events, gear.facts.output_bytes, gear.facts.finished) == (1, 0, False)


def test_the_size_of_text_says_something() -> None:
    gear = Passed(is_text=True)
    gear.feed(b"1\n00:00:00,000")
    assert gear.facts.output_bytes == 14


@pytest.mark.parametrize(
    ("content_type", "kept"), [("audio/mpeg", "4 bytes of audio/mpeg"), ("text/vtt", "ID3\x04")]
)
async def test_the_log_keeps_what_can_be_read(content_type: str, kept: str) -> None:
    exchange = Scene().exchange
    recording = exchange.recording = Recording("raw", "audio")
    note_bytes(exchange, FakeAnswer(headers={"content-type": content_type}))
    recording.take(SOUND)
    assert recording.body() == kept
