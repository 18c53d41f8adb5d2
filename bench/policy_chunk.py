"""``python -m bench.policy_chunk``: processor time that a policy adds to a chunk of streamed text.

Each chunk is a token of prose, as backends send them. The figure is the best of several runs, in
processor time, so that other work on the machine does not spoil it.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any

from headgate.model import events as ev
from headgate.model.request import Request
from headgate.policies.chain import compile_chain
from headgate.policies.environment import Environment
from headgate.policies.occasion import Occasion

CHUNKS = 4000
RUNS = 25
PROSE = (
    "Policies on streams hold only the end of the text that may still become a match, and "
    "everything else goes on at once. The quick brown fox, 42 of them, jumps over the lazy dog "
    "- or so they say; nobody has checked. "
)
CHAINS: Mapping[str, list[dict[str, Any]]] = {
    "redact, all patterns": [{"policy": "redact"}],
    "redact, e-mail and cards": [{"policy": "redact", "patterns": ["email", "credit_card"]}],
    "block, 3 words": [{"policy": "block", "words": ["bluebird", "red fox", "gun"]}],
}


def main() -> None:
    """Measures every chain and prints microseconds a chunk."""
    for name, entries in CHAINS.items():
        times = sorted(asyncio.run(_run(entries)) for _ in range(RUNS))
        sys.stdout.write(f"{name}: {times[0]:.2f} us a chunk (median {times[RUNS // 2]:.2f})\n")


async def _run(entries: list[dict[str, Any]]) -> float:
    running = compile_chain(entries, Environment()).opens(Occasion())
    assert running is not None, "the chain is in force"
    await running.request(Request(dialect="chat", model="m", messages=()))
    running.feed(ev.Started(), 0.0)
    running.feed(ev.BlockStarted(0, ev.TextBlock()), 0.0)
    deltas = _deltas()
    for delta in deltas[:200]:
        running.feed(delta, 0.0)
    feed, due = running.feed, running.due
    began = time.process_time()
    for delta in deltas:
        feed(delta, 0.0)
        due()
    return (time.process_time() - began) / len(deltas) * 1e6


def _deltas() -> list[ev.Event]:
    words = PROSE.split(" ")
    return [ev.TextDelta(0, " " + words[number % len(words)]) for number in range(CHUNKS)]


if __name__ == "__main__":
    main()
