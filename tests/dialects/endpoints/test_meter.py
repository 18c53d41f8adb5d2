import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.dialects.endpoints.meter import EndpointMeter
from headgate.dialects.endpoints.row import Row
from headgate.wire import sse

IMAGES = Row(name="images", path="/v1/images/generations")
AUDIO = Row(name="audio", path="/v1/audio/transcriptions", generates=True)


def event(data: bytes) -> bytes:
    return sse.write(data)


PARTIAL = event(b'{"type":"image_generation.partial_image","b64_json":"%b"}' % (b"x" * 5000))
COMPLETED = event(
    b'{"type":"image_generation.completed","b64_json":"x","usage":{"input_tokens":3,'
    b'"output_tokens":50,"total_tokens":53}}'
)
DELTA = event(b'{"type":"transcript.text.delta","delta":"Hello"}')
DONE = event(b"[DONE]")


def metered(row: Row, *pieces: bytes) -> tuple[EndpointMeter, bytes]:
    meter = EndpointMeter(row)
    return meter, b"".join(map(meter.feed, pieces)) + meter.end()


def test_a_stream_is_whole_where_its_last_event_says_so() -> None:
    meter, relayed = metered(IMAGES, PARTIAL, COMPLETED)
    assert relayed == PARTIAL + COMPLETED
    assert (meter.facts.finished, meter.facts.terminated) == (True, False)
    assert meter.facts.usage is not None
    assert meter.facts.usage.output_tokens == 50


def test_of_several_pictures_the_last_must_be_complete() -> None:
    meter = EndpointMeter(IMAGES)
    meter.feed(COMPLETED)
    assert not meter.facts.finished, "more may follow, and its backend needs its time"
    meter.feed(PARTIAL)
    meter.end()
    assert not meter.facts.finished


@pytest.mark.parametrize(
    "last",
    [
        event(b'{"type":"transcript.text.done","text":"Hello"}'),
        event(b'{"type":"speech.audio.done"}'),
        event(b'{"choices":[{"delta":{},"finish_reason":"stop"}]}'),
        DONE,
    ],
)
def test_every_kind_of_end_is_one(last: bytes) -> None:
    assert metered(AUDIO, DELTA, last)[0].facts.finished


def test_without_an_end_a_stream_is_not_whole() -> None:
    assert not metered(AUDIO, DELTA)[0].facts.finished


def test_nothing_passes_behind_the_terminator() -> None:
    meter, relayed = metered(AUDIO, DELTA, DONE, DELTA)
    assert relayed == DELTA + DONE
    assert meter.facts.terminated


@pytest.mark.parametrize(
    "error",
    [
        event(b'{"error":{"message":"Broken."}}'),
        event(b'{"type":"error","message":"Broken.","code":"x"}'),
        sse.write(b"Broken.", "error"),
    ],
)
def test_an_error_in_the_middle_passes_and_ends_the_stream(error: bytes) -> None:
    meter, relayed = metered(AUDIO, DELTA, error, DELTA)
    assert relayed == DELTA + error
    assert meter.facts.fault is not None
    assert "Broken" in meter.facts.fault.message


def test_the_bytes_of_pictures_say_nothing_about_tokens_and_those_of_text_do() -> None:
    assert metered(IMAGES, PARTIAL)[0].facts.output_bytes == 0
    assert metered(AUDIO, DELTA)[0].facts.output_bytes == len(DELTA)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_pass_without_an_error_of_ours(data: bytes, size: int) -> None:
    metered(IMAGES, *(data[at : at + size] for at in range(0, len(data), size)))
