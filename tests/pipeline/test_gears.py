"""The two ways in which a stream passes, and that its cuts do not matter in either."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.destination import Source
from headgate.dialects.dialect import CallerHalf, ReplyContext
from headgate.dialects.facts import Facts
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault
from headgate.pipeline.gears import Gear, Metered, Translated
from tests.pipeline.samples import CHAT, DONE, MESSAGES, RESPONSES, SEED, asking, chunk, message

STREAMS = {"chat": b"".join(CHAT), "messages": b"".join(MESSAGES), "responses": b"".join(RESPONSES)}
FAULT = Fault(kind="upstream_truncated", message="cut", origin="upstream")


def caller_of(dialect: str) -> CallerHalf:
    caller = DIALECTS[dialect].caller
    assert caller is not None
    return caller


def metered(dialect: str, hide_usage: bool = False) -> Gear:
    return Metered(DIALECTS[dialect].backend, caller_of(dialect), hide_usage)


def translated(backend: str, dialect: str) -> Gear:
    request = caller_of(dialect).read_request(asking(dialect, stream=True))
    context = ReplyContext(id_seed=SEED, created=7, model="fast", request=request)
    source = Source(vendor="up")
    return Translated(DIALECTS[backend].backend, source, caller_of(dialect), context)


def passed(gear: Gear, pieces: list[bytes]) -> tuple[bytes, Facts]:
    out = [gear.feed(piece) for piece in pieces]
    return b"".join([*out, gear.end(), gear.close()]), gear.facts


PAIRS = [pair for pair in itertools.product(STREAMS, repeat=2) if pair[0] != pair[1]]


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[str, list[bytes]]:
    name = draw(st.sampled_from(sorted(STREAMS)))
    newline = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    data = STREAMS[name].replace(b"\n", newline)
    spots = draw(st.lists(st.integers(1, len(data) - 1), max_size=12, unique=True))
    ends = [0, *sorted(spots), len(data)]
    return name, [data[start:end] for start, end in itertools.pairwise(ends)]


@given(cut_streams())
@settings(max_examples=60, deadline=None)
def test_where_relayed_bytes_are_cut_does_not_matter(cut: tuple[str, list[bytes]]) -> None:
    name, pieces = cut
    assert passed(metered(name, True), pieces) == passed(metered(name, True), [b"".join(pieces)])


@given(cut_streams(), st.sampled_from(sorted(STREAMS)))
@settings(max_examples=60, deadline=None)
def test_where_translated_bytes_are_cut_does_not_matter(
    cut: tuple[str, list[bytes]], dialect: str
) -> None:
    name, pieces = cut
    whole = passed(translated(name, dialect), [STREAMS[name]])
    assert passed(translated(name, dialect), pieces) == whole


@pytest.mark.parametrize("dialect", sorted(STREAMS))
def test_a_relayed_stream_keeps_its_bytes(dialect: str) -> None:
    out, facts = passed(metered(dialect), [STREAMS[dialect]])
    assert out == STREAMS[dialect]
    assert (facts.finished, facts.terminated, facts.model) == (True, True, "up-model")
    assert facts.usage is not None
    assert (facts.usage.input_tokens, facts.usage.output_tokens) == (5, 2)


@pytest.mark.parametrize(("backend", "dialect"), PAIRS)
def test_a_translated_stream_says_the_same(backend: str, dialect: str) -> None:
    out, facts = passed(translated(backend, dialect), [STREAMS[backend]])
    assert b"Hello" in out
    assert b" there" in out
    terminators = {"chat": DONE, "messages": b"message_stop", "responses": b"response.completed"}
    assert terminators[dialect] in out
    assert (facts.finished, facts.terminated, facts.model) == (True, True, "up-model")
    assert facts.output_bytes == len("Hello there")
    assert facts.usage is not None
    assert facts.usage.total_tokens == 7


def test_usage_that_only_we_asked_for_is_taken_out() -> None:
    out, facts = passed(metered("chat", hide_usage=True), list(CHAT))
    assert b"prompt_tokens" not in out
    assert facts.usage is not None


@pytest.mark.parametrize("pieces", [CHAT[:3], CHAT[:4]])
def test_a_relayed_reply_without_its_terminator_gets_it_once(pieces: tuple[bytes, ...]) -> None:
    out, _ = passed(metered("chat"), list(pieces))
    assert out == b"".join(pieces) + DONE


def test_a_relayed_break_is_told_in_the_callers_dialect() -> None:
    gear = metered("messages")
    gear.feed(MESSAGES[0])
    assert gear.fail(FAULT).startswith(b"event: error\ndata: ")


def test_an_error_that_was_relayed_is_not_told_again() -> None:
    gear = metered("chat")
    gear.feed(chunk("Hel"))
    relayed = gear.feed(b'data: {"error":{"message":"busy"}}\n\n')
    assert b"busy" in relayed
    assert gear.facts.fault is not None
    assert gear.fail(gear.facts.fault) == b""


def test_a_translated_error_ends_the_events_and_is_told_once() -> None:
    gear = translated("messages", "chat")
    error = message("error", error={"type": "overloaded_error", "message": "busy"})
    out = gear.feed(b"".join((*MESSAGES[:3], error, *MESSAGES[3:])))
    assert b"Hello" in out
    assert b"there" not in out
    assert gear.facts.fault is not None
    assert gear.facts.fault.kind == "overloaded"
    assert b'"message":"busy"' in gear.fail(gear.facts.fault)
    assert gear.close() == b""


def test_the_words_of_the_backend_are_noted() -> None:
    _, facts = passed(translated("messages", "chat"), list(MESSAGES))
    assert (facts.id, facts.native_finish) == ("msg_1", "end_turn")


def test_a_relayed_stream_loses_nothing() -> None:
    assert metered("chat").losses == []
