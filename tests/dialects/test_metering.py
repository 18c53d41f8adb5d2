import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.facts import Facts
from headgate.dialects.metering import SseMeter, Verdict
from headgate.model.fault import Fault, StreamBroken
from headgate.wire import sse

STREAM = b'data: {"n":1}\n\n: note\n\ndata: {"n":2}\n\nevent: ping\ndata: {}\n\ndata: [DONE]\n\n'


def note(facts: Facts, frame: sse.Frame) -> Verdict:
    if frame.data == b"[DONE]":
        return "last"
    if frame.event == "ping":
        return "idle"
    return "hide" if b"secret" in frame.data else "pass"


def meter() -> SseMeter:
    return SseMeter(re.compile(rb"DONE|secret|ping"), note)


def relay(data: bytes, step: int) -> tuple[bytes, Facts]:
    watcher = meter()
    out = [watcher.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join([*out, watcher.end()]), watcher.facts


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000])
def test_where_the_bytes_are_cut_does_not_matter(newline: bytes, step: int) -> None:
    data = STREAM.replace(b"\n", newline)
    out, facts = relay(data, step)
    assert out.replace(newline, b"\n").rstrip(b"\n") == STREAM.rstrip(b"\n")
    assert (facts.events, facts.terminated) == (2, True)


def test_events_are_counted_one_by_one_also_where_nothing_is_looked_at() -> None:
    watcher = meter()
    watcher.feed(b"data: 1\n\n")
    watcher.feed(b"data: 2\n\ndata: 3\n\n: data: no\n\n")
    watcher.feed(b"data: 4\r\n\r\ndata: 5\r\n\r\n")
    assert watcher.facts.events == 5


def test_nothing_follows_the_last_word() -> None:
    out, _ = relay(STREAM + b"data: late\n\n", 5)
    assert b"late" not in out


def test_a_hidden_frame_is_counted_and_not_relayed() -> None:
    out, facts = relay(b"data: a\n\ndata: secret\n\ndata: b\n\n", 100)
    assert out == b"data: a\n\ndata: b\n\n"
    assert facts.events == 3


@pytest.mark.parametrize("verdict", ["last", "hide"])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_an_error_is_not_counted_as_an_event(verdict: Verdict, before: int) -> None:
    def note_error(facts: Facts, frame: sse.Frame) -> Verdict:
        if frame.data != b"error":
            return "pass"
        facts.fault = Fault(kind="upstream_error", message="It broke.")
        return verdict

    watcher = SseMeter(re.compile(rb"error"), note_error)
    watcher.feed(b"data: text\n\n" * before + b"data: error\n\n")
    assert watcher.facts.events == before


def test_a_last_frame_without_its_blank_line_gets_one_when_it_is_whole() -> None:
    assert relay(b'data: {"a":1}', 4)[0] == b'data: {"a":1}\n\n'
    assert relay(b"data: 1\n\ndata: [DONE]\n", 4)[0] == b"data: 1\n\ndata: [DONE]\n\n"
    assert relay(b'data: {"a":', 4)[0] == b""


def test_a_byte_order_mark_does_not_hide_the_first_frame() -> None:
    data = sse.BOM + b"data: secret\n\ndata: [DONE]\n\n"
    out, facts = relay(data, 1)
    assert out == b"data: [DONE]\n\n"
    assert facts.terminated


def test_empty_lines_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[bytes] = []

    def parse(piece: bytes) -> list[sse.Frame]:
        looks.append(piece)
        return []

    monkeypatch.setattr("headgate.dialects.metering.sse.parse", parse)
    flood = b"\n" * 10_000 + b"data: 1\r\n\r\n" + b"\r\n" * 10_000
    assert meter().feed(flood) == flood
    assert len(looks) == 2


def test_a_terminator_alone_is_not_relayed() -> None:
    out, facts = relay(b": note\n\ndata: [DONE]\n\n", 100)
    assert out == b": note\n\n"
    assert (facts.events, facts.terminated) == (0, True)


def test_an_endless_frame_breaks_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = meter()
    watcher._splitter = sse.Splitter(limit=10)
    with pytest.raises(StreamBroken):
        watcher.feed(b"data: 12345678901")


@given(st.lists(st.sampled_from([b"data: x\n\n", b": c\n\n", b"data: secret\n\n", b"\n"])))
@settings(max_examples=50)
def test_what_passes_is_what_came_without_the_hidden(frames: list[bytes]) -> None:
    data = b"".join(frames)
    assert relay(data, 3)[0].replace(b"\n", b"") == b"".join(
        frame for frame in frames if b"secret" not in frame
    ).replace(b"\n", b"")
