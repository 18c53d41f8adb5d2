"""Every built-in policy on the bytes of every dialect: what comes out of a stream is what comes of
the whole reply, however the bytes are cut, and it is legal in the caller's dialect."""

import itertools
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.destination import Source
from headgate.dialects.dialect import Dialect, ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Refusal, ToolCall
from headgate.model.reply import Reply, unfold
from headgate.pipeline.guarded import Guarded
from headgate.policies.chain import Chain, compile_chain
from headgate.policies.kinds import KINDS
from tests.conformance import validators
from tests.policies.drive import OCCASION, REPLIES, Entry, request, run, whole
from tests.policies.every import EVERY, WORLD
from tests.streams import fold

OURS, THEIRS = "o" * 24, "t" * 24
"""What ids are made of here, and at the backend."""
SPOKEN = ("chat", "messages", "responses")
CHAINS = {id(entries): compile_chain(entries, WORLD) for entries in EVERY}


def test_every_kind_of_policy_is_among_them() -> None:
    def kinds(entries: list[Entry]) -> set[str]:
        inner = [kinds(entry["policies"]) for entry in entries if "policies" in entry]
        return {entry["policy"] for entry in entries}.union(*inner)

    assert set(KINDS) <= set().union(*map(kinds, EVERY))


def _is_likely(reply: Reply) -> bool:
    """No model refuses and calls a tool at once, and no dialect has words for the end of that."""
    return not any(
        {Refusal, ToolCall} <= {type(part) for part in choice.parts} for choice in reply.choices
    )


@pytest.mark.parametrize(
    "entries", EVERY, ids=lambda entries: "+".join(e["policy"] for e in entries)
)
@settings(max_examples=12, deadline=None)
@given(
    reply=REPLIES.filter(_is_likely),
    spoken=st.sampled_from(SPOKEN),
    told=st.sampled_from(SPOKEN),
    seed=st.integers(0, 10_000),
)
def test_a_stream_gives_what_the_whole_reply_gives(
    entries: list[Entry], reply: Reply, spoken: str, told: str, seed: int
) -> None:
    chain, data = (
        CHAINS[id(entries)],
        _written(DIALECTS[spoken], unfold(_one_choice(reply, told)), THEIRS),
    )
    given_whole = fold(_read(DIALECTS[spoken], data))

    async def both() -> None:
        running = chain.opens(OCCASION)
        assert running is not None
        expected = await whole(running, given_whole)
        out, fault = await _streamed(chain, (spoken, told), _cut(data, seed))
        if isinstance(expected, Fault):
            assert fault == expected
        else:
            assert fault is None
            again = fold(_read(DIALECTS[told], out))
            wanted = fold(_read(DIALECTS[told], _written(DIALECTS[told], unfold(expected), OURS)))
            assert _content(again) == _content(wanted)
        validators.check(told, out)

    run(both())


async def _streamed(
    chain: Chain, pair: tuple[str, str], pieces: list[bytes]
) -> tuple[bytes, Fault | None]:
    """What the gear of policies makes of a stream, as the loop drives it."""
    spoken, told = (DIALECTS[name] for name in pair)
    running = chain.opens(OCCASION)
    assert running is not None
    await running.request(request())
    assert told.caller is not None
    writer = told.caller.open_writer(_context(told, OURS))
    gear = Guarded(spoken.backend.open_reader(Source(vendor="x")), writer, running, lambda: 0.0)
    out = b""
    for piece in pieces:
        out += gear.feed(piece)
        while gear.waiting:
            out += await gear.step()
        if gear.facts.fault is not None or gear.facts.terminated:
            break
    else:
        out += gear.end()
    out += gear.flush()
    while gear.waiting:
        out += await gear.step()
    fault = gear.facts.fault
    return out + (gear.close() if fault is None else gear.fail(fault)), fault


def _one_choice(reply: Reply, told: str) -> Reply:
    """Only chat has several answers."""
    return reply if told == "chat" else msgspec.structs.replace(reply, choices=reply.choices[:1])


def _content(reply: Reply) -> list[Any]:
    """What was said, and why it ended; ids are those that a writer made."""
    return [
        [
            [type(part).__name__, msgspec.structs.asdict(part) | {"id": None, "extras": None}]
            for part in choice.parts
        ]
        + [choice.reason]
        for choice in reply.choices
    ]


def _cut(data: bytes, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(60)))
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def _context(dialect: Dialect, seed: str) -> ReplyContext:
    asked = request(dialect=dialect.name, stream=True)
    return ReplyContext(id_seed=seed, created=1, model="m", request=asked)


def _written(dialect: Dialect, events: Any, seed: str) -> bytes:
    assert dialect.caller is not None
    writer = dialect.caller.open_writer(_context(dialect, seed))
    return b"".join(map(writer.write, events)) + writer.end()


def _read(dialect: Dialect, data: bytes) -> list[ev.Event]:
    reader = dialect.backend.open_reader(Source(vendor="x"))
    return reader.feed(data) + reader.end()
