"""The reader of Converse streams."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.converse.stream_read import open_reader
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.wire import aws_eventstream
from tests import grammar
from tests.dialects.converse.drive import (
    CLAUDE,
    METADATA,
    START,
    delta,
    exception,
    frame,
    over,
    read,
    stop,
    stream,
    tool,
)

WHOLE = stream(
    START,
    delta(0, reasoningContent={"text": "hm"}),
    delta(0, reasoningContent={"signature": "s"}),
    over(0),
    delta(1, text="héllo"),
    over(1),
    *tool(2, "t", "f", '{"a":', "1}"),
    stop("tool_use"),
    METADATA,
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 200])
def test_where_the_bytes_are_cut_does_not_matter(size: int) -> None:
    grammar.check(read(WHOLE), whole=True)
    assert read(WHOLE, size=size) == read(WHOLE)


def test_metadata_behind_the_stop_is_waited_for() -> None:
    reader = open_reader(CLAUDE)
    reader.feed(stream(START, delta(0, text="a"), stop()))
    assert reader.finished
    assert not reader.terminated

    assert isinstance(reader.feed(stream(METADATA))[-1], ev.UsageReported)
    assert reader.terminated
    assert reader.feed(stream(METADATA)) == []


@pytest.mark.parametrize("cut", range(0, len(WHOLE), 37))
def test_t46_a_stream_that_ends_without_its_stop_is_cut(cut: int) -> None:
    reader = open_reader(CLAUDE)
    events = reader.feed(WHOLE[:cut]) + reader.end()

    grammar.check(events)
    assert reader.finished == any(isinstance(event, ev.Finished) for event in events)
    assert reader.finished == (cut >= WHOLE.index(b"tool_use") + 14)


@pytest.mark.parametrize("head", [b"", stream(START, delta(0, text="a"))])
def test_t43_an_exception_fails_the_stream(head: bytes) -> None:
    reader = open_reader(CLAUDE)
    events = reader.feed(head + exception("throttlingException", "slow") + stream(stop()))

    failed = events[-1]
    assert isinstance(failed, ev.Failed)
    assert (failed.fault.kind, failed.fault.message) == ("rate_limited", "slow")
    grammar.check(events, whole=True)
    assert reader.terminated
    assert not reader.finished


def test_one_unreadable_event_is_passed_over_and_three_break_the_stream() -> None:
    bad = aws_eventstream.encode({":event-type": "contentBlockDelta"}, b"nonsense")
    reader = open_reader(CLAUDE)

    assert reader.feed(bad + bad + stream(START)) == [ev.Started()]
    with pytest.raises(StreamBroken):
        reader.feed(bad)


def test_unknown_events_are_tolerated() -> None:
    assert read(frame("somethingNew", {"a": 1}) + stream(START)) == [ev.Started()]


def test_bytes_that_are_no_event_stream_break_it() -> None:
    with pytest.raises(StreamBroken):
        open_reader(CLAUDE).feed(b'{"message":"an error in JSON"}')


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.integers(1, 300))
@settings(max_examples=60)
def test_any_damage_gives_events_or_a_broken_stream(place: int, flip: int, size: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    reader = open_reader(CLAUDE)
    events: list[ev.Event] = []
    broken = False
    try:
        for start in range(0, len(damaged), size):
            events += reader.feed(bytes(damaged[start : start + size]))
    except StreamBroken:
        broken = True
    grammar.check(events)
    assert broken
    assert not reader.terminated
