"""What holds for any reply and any bytes, in every pair of dialects."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model import events as ev
from tests import grammar
from tests.conformance import carry, claims, clients, damage, meaning, validators
from tests.conformance.carry import BACKENDS, CALLERS
from tests.conformance.claims import SOURCE, TOLD
from tests.conformance.meaning import Meaning
from tests.conformance.shapes import SHAPES
from tests.conformance.stories import meaning_of, stories
from tests.streams import fold

SEEDS = st.integers(0, 2**32)


def spoken(caller: str, events: list[ev.Event]) -> tuple[bytes, tuple[str, ...]]:
    """The stream for `events` in a caller's dialect, and what it lost."""
    writer = carry.caller_half(caller).open_writer(TOLD[caller])
    body = b"".join(writer.write(event) for event in events) + writer.end()
    return body, tuple(writer.losses)


def same(native: Meaning, told: Meaning, losses: tuple[str, ...]) -> bool:
    """Whether they mean the same. Thoughts and calls that overlap have no order of their own."""
    return meaning.differences(_sorted(native), _sorted(told), losses) == []


def _sorted(found: Meaning) -> Meaning:
    answers = []
    for answer in found.answers:
        calls = sorted(answer.calls, key=repr)
        words = "".join(sorted(answer.text))
        thought = "".join(sorted(answer.thought))
        answers.append(
            meaning.Answer(text=words, thought=thought, calls=tuple(calls), finish=answer.finish)
        )
    return Meaning(tuple(answers), found.usage)


@given(stories())
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("caller", CALLERS)
def test_any_reply_is_told_legally_and_means_what_it_is(
    caller: str, events: list[ev.Event]
) -> None:
    grammar.check(events, whole=True)
    body, losses = spoken(caller, events)
    validators.check(caller, body)
    assert same(meaning_of(fold(events)), clients.STREAMS[caller](body), losses)


@given(stories())
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("backend", CALLERS)
def test_any_reply_passes_every_pair(backend: str, caller: str, events: list[ev.Event]) -> None:
    body, lost = spoken(backend, events)
    got = carry.stream([body], backend, caller, TOLD[caller], SOURCE)
    assert got.outcome == "complete"
    validators.check(caller, got.body)
    losses = (*lost, *got.losses)
    assert same(meaning_of(fold(events)), clients.STREAMS[caller](got.body), losses)


@given(SEEDS, st.integers(1, 60), st.integers(0, 8))
@settings(max_examples=150, deadline=None)
def test_damaged_streams_are_read_and_told_legally(seed: int, size: int, times: int) -> None:
    chance = random.Random(seed)
    shape = chance.choice(SHAPES)
    raw = damage.damaged_stream(shape.sse, chance, times)
    dialect = shape.dialect if chance.random() < 0.9 else chance.choice(CALLERS)
    claims.any_stream_is_read(dialect, raw, size)
    claims.any_stream_is_told_legally(dialect, raw)
    claims.any_stream_is_metered(dialect, raw, size * 7)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("dialect", BACKENDS)
def test_any_bytes_are_events_or_a_named_error(dialect: str, data: bytes, size: int) -> None:
    claims.any_stream_is_read(dialect, data, size)
    claims.any_stream_is_told_legally(dialect, data)
    claims.any_stream_is_metered(dialect, data, size)
    claims.any_reply_is_read(dialect, data)
    claims.any_error_is_read(dialect, 500, data)
    for caller in CALLERS:
        claims.any_request_is_read(caller, data)
