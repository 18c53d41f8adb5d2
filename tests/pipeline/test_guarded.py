"""The gears of streams that policies want, fed byte by byte in every pair of dialects."""

import itertools
from typing import Any

import pytest

from headgate.dialects.destination import Source
from headgate.dialects.dialect import CallerHalf, ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model.fault import StreamBroken
from headgate.pipeline.gears import Metered
from headgate.pipeline.guarded import Guarded, Watched
from headgate.policies.running import Running
from tests.pipeline.samples import CHAT, MESSAGES, RESPONSES, SEED, asking
from tests.policies.drive import opened, request, run

STREAMS = {"chat": b"".join(CHAT), "messages": b"".join(MESSAGES), "responses": b"".join(RESPONSES)}
PAIRS = list(itertools.product(STREAMS, repeat=2))
REDACT: dict[str, Any] = {"policy": "redact", "patterns": [], "regexes": {"word": "Hello th"}}
BLOCK: dict[str, Any] = {"policy": "block", "words": ["there"], "apply_to": ["response"]}


def caller_of(dialect: str) -> CallerHalf:
    caller = DIALECTS[dialect].caller
    assert caller is not None
    return caller


def at_work(*entries: dict[str, Any]) -> Running:
    guard = opened(*entries)
    run(guard.request(request("Hi")))
    return guard


def guarded(backend: str, dialect: str, guard: Running) -> Guarded:
    caller = caller_of(dialect)
    asked = caller.read_request(asking(dialect, stream=True))
    context = ReplyContext(id_seed=SEED, created=7, model="fast", request=asked)
    reader = DIALECTS[backend].backend.open_reader(Source(vendor="up"))
    return Guarded(reader, caller.open_writer(context), guard, lambda: 0.0)


def watched(dialect: str, guard: Running) -> Watched:
    half = DIALECTS[dialect].backend
    gear = Metered(half, caller_of(dialect), False)
    return Watched(gear, half.open_reader(Source(vendor="up")), guard, lambda: 0.0)


def passed(gear: Guarded | Watched, pieces: list[bytes]) -> bytes:
    out = [gear.feed(piece) for piece in pieces]
    return b"".join([*out, gear.end(), gear.flush(), gear.close()])


def cuts(data: bytes) -> list[list[bytes]]:
    single = [data[at : at + 1] for at in range(len(data))]
    return [single, *([data[:at], data[at:]] for at in range(1, len(data), 3))]


@pytest.mark.parametrize(("backend", "dialect"), PAIRS)
def test_where_a_stream_is_cut_does_not_matter(backend: str, dialect: str) -> None:
    whole = passed(guarded(backend, dialect, at_work(REDACT)), [STREAMS[backend]])
    assert b"[WORD]" in whole
    assert b"Hello" not in whole
    for pieces in cuts(STREAMS[backend]):
        gear = guarded(backend, dialect, at_work(REDACT))
        assert passed(gear, pieces).count(b"Hello") == 0
        assert (gear.facts.finished, gear.facts.terminated) == (True, True)
        assert gear.facts.output_bytes == len("Hello there")


def test_nothing_is_told_before_something_is_said() -> None:
    gear = guarded("chat", "chat", at_work(REDACT))
    gear.feed(CHAT[0])
    assert not gear.told
    passed(gear, list(CHAT[1:]))
    assert gear.told


def test_a_block_is_the_fault_and_nothing_follows_it() -> None:
    gear = guarded("chat", "messages", at_work(BLOCK))
    before = b"".join(gear.feed(piece) for piece in CHAT)
    fault = gear.facts.fault
    assert fault is not None
    assert fault.kind == "policy_violation"
    assert b"there" not in before
    assert gear.flush() == b""
    assert b"event: error" in gear.fail(fault)


def test_a_cut_stream_gives_out_what_is_held_once() -> None:
    gear = guarded("chat", "chat", at_work(REDACT))
    gear.feed(CHAT[0])
    assert b"Hello" in gear.flush()
    assert gear.flush() == b""
    assert not gear.facts.finished


def test_an_error_of_the_backend_passes_the_policies_by() -> None:
    gear = guarded("chat", "chat", at_work(REDACT))
    gear.feed(b'data: {"error":{"message":"busy"}}\n\n')
    assert gear.facts.fault is not None
    assert gear.facts.fault.origin == "upstream"


@pytest.mark.parametrize("dialect", STREAMS)
def test_who_only_watches_changes_no_byte(dialect: str) -> None:
    for pieces in cuts(STREAMS[dialect]):
        guard = at_work({**REDACT, "mode": "monitor"})
        gear = watched(dialect, guard)
        assert passed(gear, pieces) == STREAMS[dialect]
        assert sum(guard.reports[0].findings.values()) == 1


def test_a_watched_stream_that_cannot_be_read_still_passes() -> None:
    class Broken:
        finished = terminated = False

        def feed(self, data: bytes) -> list[Any]:
            raise StreamBroken("too long")

        def end(self) -> list[Any]:
            raise AssertionError("it was given up")

    gear = Metered(DIALECTS["chat"].backend, caller_of("chat"), False)
    broken = Watched(gear, Broken(), at_work({**REDACT, "mode": "monitor"}), lambda: 0.0)
    assert passed(broken, list(CHAT)) == STREAMS["chat"]
    assert (broken.due(), broken.release(), run(broken.step())) == (None, b"", b"")
