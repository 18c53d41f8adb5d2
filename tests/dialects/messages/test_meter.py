import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from headgate.dialects.facts import Facts
from headgate.dialects.messages import frames
from headgate.dialects.messages.meter import close_stream, open_meter, read_facts
from headgate.model.fault import StreamBroken
from headgate.model.usage import Usage
from tests.dialects.messages import given

ERROR = b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"m"}}\n\n'
TEXT = given.start(0, type="text", text="") + given.delta(0, "text_delta", text="hi")


def test_facts_of_a_whole_stream() -> None:
    meter = open_meter(True)
    stream = given.OPENED + TEXT + given.stop(0) + given.closed(input_tokens=12)
    assert meter.feed(stream) == stream
    facts = meter.facts
    assert (facts.id, facts.model, facts.native_finish) == ("msg_1", "claude", "end_turn")
    assert (facts.finished, facts.terminated, facts.events) == (True, True, 5)
    assert facts.usage is not None
    assert (facts.usage.input_tokens, facts.usage.output_tokens) == (12, 5)
    assert facts.output_bytes > 0


def test_t35_usage_replaces_and_is_never_added() -> None:
    meter = open_meter(False)
    meter.feed(given.OPENED)
    assert meter.facts.usage == Usage(10, 1, dialect="messages")
    meter.feed(given.closed())
    assert meter.facts.usage == Usage(10, 5, dialect="messages")


def test_pings_are_relayed_and_not_counted() -> None:
    meter = open_meter(False)
    assert meter.feed(frames.KEEP_ALIVE) == frames.KEEP_ALIVE
    assert meter.facts.events == 0
    meter.feed(given.OPENED + frames.KEEP_ALIVE + TEXT)
    assert meter.facts.events == 3


def test_comments_are_relayed_and_not_counted() -> None:
    meter = open_meter(False)
    assert meter.feed(b": still here\n\n") == b": still here\n\n"
    assert meter.facts.events == 0


def test_nothing_follows_the_last_word() -> None:
    meter = open_meter(False)
    stream = given.OPENED + given.closed()
    assert meter.feed(stream + TEXT) == stream
    assert meter.feed(TEXT) == b""
    assert meter.end() == b""
    assert close_stream(meter.facts) == b""


def test_a_terminator_that_lacks_is_added() -> None:
    meter = open_meter(False)
    meter.feed(given.OPENED + given.closed().removesuffix(frames.MESSAGE_STOP))
    assert meter.facts.finished
    assert not meter.facts.terminated
    assert close_stream(meter.facts) == frames.MESSAGE_STOP


def test_an_error_is_the_last_word() -> None:
    meter = open_meter(False)
    assert meter.feed(given.OPENED + ERROR + TEXT) == given.OPENED + ERROR
    assert meter.facts.fault is not None
    assert meter.facts.fault.message == "m"
    assert meter.facts.fault_relayed


@pytest.mark.parametrize(
    "data", [b'{"type":"error","error":{"message":"m"}}', b'{"error":{"message":"m"}}']
)
def test_t48_an_error_without_its_name_is_left_to_us(data: bytes) -> None:
    meter = open_meter(False)
    assert meter.feed(given.OPENED + b"data: " + data + b"\n\n" + TEXT) == given.OPENED
    assert meter.facts.fault is not None
    assert not meter.facts.fault_relayed


def test_an_error_as_first_event() -> None:
    meter = open_meter(False)
    meter.feed(ERROR)
    assert meter.facts.fault is not None


def test_the_last_event_may_lack_its_blank_line() -> None:
    meter = open_meter(False)
    meter.feed(given.OPENED + given.closed()[:-1])
    assert not meter.facts.terminated
    assert meter.end() == frames.MESSAGE_STOP
    assert meter.facts.terminated


def test_t66_words_that_look_like_events_are_words() -> None:
    meter = open_meter(False)
    talk = given.delta(0, "text_delta", text='"type":"error" and message_stop and "ping"')
    assert meter.feed(given.OPENED + talk) == given.OPENED + talk
    assert meter.facts.fault is None
    assert not meter.facts.terminated
    assert meter.facts.events == 2


@drawn(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_pass(chunks: list[bytes]) -> None:
    meter = open_meter(False)
    raw = b"".join(chunks)
    out = b"".join(meter.feed(chunk) for chunk in chunks)
    assert raw.startswith(out)


def test_facts_of_a_whole_reply() -> None:
    body = msgspec.json.encode(
        {
            "id": "msg_1",
            "model": "claude",
            "content": [],
            "stop_reason": "max_tokens",
            "usage": {"input_tokens": 1, "output_tokens": 2},
        }
    )
    facts = read_facts(body)
    assert facts.usage == Usage(1, 2, dialect="messages")
    assert (facts.id, facts.model, facts.native_finish) == ("msg_1", "claude", "max_tokens")
    assert facts.finished


def test_an_error_in_place_of_a_reply_is_a_fault() -> None:
    facts = read_facts(b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}')
    assert facts.fault is not None
    assert facts.fault.kind == "overloaded"


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"id":"x"}', b'{"content":"x"}'])
def test_what_is_no_reply_breaks(body: bytes) -> None:
    with pytest.raises(StreamBroken):
        read_facts(body)


def test_an_open_stream_is_closed_by_its_terminator() -> None:
    assert close_stream(Facts()) == frames.MESSAGE_STOP
