"""``python -m bench.policy_chunk``: what a policy costs a chunk of a streamed text, and holds.

The cost is what the gear of policies takes on top of the translated gear, for the same stream of
tokens of prose, and of that the policy alone: the best of several runs, in processor time, so that
other work on the machine does not spoil it. The 99th percentile is that of single chunks, on the
clock. The hold is reckoned, not measured: with a token every twenty milliseconds, how long each
waits in the policy. Figures over the bar of five microseconds end it with an error.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from headgate.dialects.destination import Source
from headgate.dialects.dialect import CallerHalf, ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model import events as ev
from headgate.model.request import Request
from headgate.pipeline.gears import Gear, Translated
from headgate.pipeline.guarded import Guarded
from headgate.policies.chain import compile_chain
from headgate.policies.environment import Environment
from headgate.policies.occasion import Occasion
from headgate.policies.running import Running
from headgate.wire import sse

CHUNKS = 4000
WARM = 200
RUNS = 25
BAR_US = 5.0
TOKEN_EVERY_S = 0.02
PROSE = (
    "Policies on streams hold only the end of the text that may still become a match, and "
    "everything else goes on at once. The quick brown fox, 42 of them, jumps over the lazy dog "
    "- or so they say; nobody has checked. "
)
WORDS = tuple(f" {word}" for word in PROSE.split(" "))
CHAINS: Mapping[str, list[dict[str, Any]]] = {
    "redact, all patterns": [{"policy": "redact"}],
    "redact, e-mail and cards": [{"policy": "redact", "patterns": ["email", "credit_card"]}],
    "redact, all but e-mail": [
        {"policy": "redact", "patterns": ["credit_card", "iban", "phone", "ip", "secret"]}
    ],
    "block, 3 words": [{"policy": "block", "words": ["bluebird", "red fox", "gun"]}],
}
_REQUEST = Request(dialect="messages", model="m", messages=(), stream=True)
_CHAT = DIALECTS["chat"].backend


class Cost(NamedTuple):
    """Microseconds a chunk: of the whole stream, and of the slowest of a hundred chunks."""

    mean: float
    slow: float


def main() -> None:
    """Measures every chain and prints a line for each."""
    frames = _frames()
    plain = min(_pass(_translated(), frames).mean for _ in range(RUNS))
    sys.stdout.write(f"translated gear, no policy: {plain:.2f} us a chunk\n")
    over = []
    for name, entries in CHAINS.items():
        costs = [_pass(_guarded(entries), frames) for _ in range(RUNS)]
        added = min(cost.mean for cost in costs) - plain
        alone = min(_alone(entries) for _ in range(RUNS))
        slow = min(cost.slow for cost in costs)
        sys.stdout.write(
            f"{name}: {added:.2f} us a chunk on top (the policy alone {alone:.2f}; "
            f"p99 of a chunk, translation and all, {slow:.0f}); {_held(entries)}\n"
        )
        if added > BAR_US:
            over.append(name)
    if over:
        sys.exit(f"over {BAR_US} us: {', '.join(over)}")


def _pass(gear: Gear, frames: list[bytes]) -> Cost:
    for frame in frames[:WARM]:
        gear.feed(frame)
    feed, clock = gear.feed, time.perf_counter_ns
    began = time.process_time()
    for frame in frames[WARM:]:
        feed(frame)
    mean = (time.process_time() - began) / (len(frames) - WARM) * 1e6
    times = []
    for frame in frames[1:]:
        before = clock()
        feed(frame)
        times.append(clock() - before)
    return Cost(mean, sorted(times)[len(times) * 99 // 100] / 1000)


def _alone(entries: list[dict[str, Any]]) -> float:
    """The policy without its gear, each chunk with the question whether anything is due."""
    running = _running(entries)
    running.feed(ev.Started(), 0.0)
    running.feed(ev.BlockStarted(0, ev.TextBlock()), 0.0)
    deltas = [ev.TextDelta(0, WORDS[number % len(WORDS)]) for number in range(CHUNKS)]
    for delta in deltas[:WARM]:
        running.feed(delta, 0.0)
    feed, due = running.feed, running.due
    began = time.process_time()
    for delta in deltas:
        feed(delta, 0.0)
        due()
    return (time.process_time() - began) / len(deltas) * 1e6


def _held(entries: list[dict[str, Any]]) -> str:
    """How long tokens wait, reckoned by a clock that goes on with each of them."""
    running = _running(entries)
    running.feed(ev.Started(), 0.0)
    running.feed(ev.BlockStarted(0, ev.TextBlock()), 0.0)
    said = given = 0
    under_way: list[tuple[int, int]] = []
    waits = []
    for number in range(CHUNKS):
        word = WORDS[number % len(WORDS)]
        said += len(word)
        under_way.append((said, number))
        for event in running.feed(ev.TextDelta(0, word), number * TOKEN_EVERY_S):
            given += len(event.text) if isinstance(event, ev.TextDelta) else 0
        while under_way and under_way[0][0] <= given:
            waits.append(number - under_way.pop(0)[1])
    shares = [sum(wait == tokens for wait in waits) / len(waits) for tokens in (0, 1)]
    return f"tokens that wait for nothing {shares[0]:.1%}, for the next one {shares[1]:.1%}"


def _running(entries: list[dict[str, Any]]) -> Running:
    running = compile_chain(entries, Environment(clock=time.monotonic)).opens(Occasion())
    assert running is not None, "the chain is in force"
    asyncio.run(_ask(running))
    return running


async def _ask(running: Running) -> None:
    await running.request(_REQUEST)


def _translated() -> Gear:
    return Translated(_CHAT, Source(), _caller(), _context())


def _guarded(entries: list[dict[str, Any]]) -> Gear:
    writer = _caller().open_writer(_context())
    return Guarded(_CHAT.open_reader(Source()), writer, _running(entries), time.monotonic)


def _caller() -> CallerHalf:
    caller = DIALECTS["messages"].caller
    assert caller is not None, "messages is a dialect of callers"
    return caller


def _context() -> ReplyContext:
    return ReplyContext(id_seed="x" * 24, created=0, model="m", request=_REQUEST)


def _frames() -> list[bytes]:
    return [_frame(WORDS[number % len(WORDS)]) for number in range(CHUNKS)]


def _frame(text: str) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    said = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return sse.write(msgspec.json.encode({**said, "choices": [choice]}))


if __name__ == "__main__":
    main()
