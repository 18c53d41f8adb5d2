"""A backend's bytes through the gateway's own gears to a caller, without any network."""

import functools
from collections.abc import Iterable
from typing import Any

import msgspec

from headgate.backends.catalog import provider_of
from headgate.dialects.destination import Source
from headgate.dialects.dialect import CallerHalf, ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, StreamBroken
from headgate.model.outcome import Outcome
from headgate.model.request import Request
from headgate.pipeline.gears import Translated
from headgate.pipeline.verdict import Ending, judge
from headgate.pipeline.whole import translate_whole

CALLERS = ("chat", "messages", "responses")
BACKENDS = ("chat", "messages", "responses", "gemini", "converse")
SEED = "abcdefghijklmnopqrstuvwxyz"

Row = dict[str, Any]


class Carried(msgspec.Struct, frozen=True):
    """What a caller got of a stream and what the gateway made of its end."""

    body: bytes
    outcome: Outcome
    losses: tuple[str, ...] = ()


def caller_half(name: str) -> CallerHalf:
    """The caller's half of a dialect that callers speak."""
    half = DIALECTS[name].caller
    assert half is not None, name
    return half


def vendor_of(url: str) -> str:
    """The vendor at a recorded address, as the catalog knows it."""
    return provider_of(None, url).vendor or "somebody"


def request_of(row: Row, caller: str) -> Request:
    """The recorded request as if `caller`'s dialect had said it; an empty one where the recorded
    dialect has no callers."""
    half = DIALECTS[row["dialect"]].caller
    if half is None or not row["request"]:
        return Request(dialect=caller, model="alias", messages=(), include_usage=True)
    read = half.read_request(msgspec.json.encode({"model": "alias", **row["request"]}))
    return msgspec.structs.replace(read, dialect=caller, include_usage=True)


def context(request: Request) -> ReplyContext:
    """What the writer of the reply to `request` is told."""
    return ReplyContext(id_seed=SEED, created=1_700_000_000, model="alias", request=request)


def row_context(row: Row, caller: str) -> ReplyContext:
    """The context of a recorded exchange."""
    return context(request_of(row, caller))


def source_of(row: Row) -> Source:
    """The backend of a recorded exchange, as a reader is told of it."""
    return Source(vendor=vendor_of(row["url"]))


def stream(
    pieces: Iterable[bytes],
    backend: str,
    caller: str,
    told: ReplyContext,
    source: Source | None = None,
    ending: Ending = "clean",
) -> Carried:
    """A stream in `pieces` of `backend`'s dialect as `caller` gets it, ended by the rules of the
    trunk."""
    half = caller_half(caller)
    gear = Translated(DIALECTS[backend].backend, source or Source(), half, told)
    out = []
    over = False
    try:
        for piece in pieces:
            out.append(gear.feed(piece))
            over = gear.facts.terminated or gear.facts.fault is not None
            if over:
                break
        if not over:
            out.append(gear.end())
    except StreamBroken:
        ending = "nonsense"
    outcome, fault = judge(gear.facts, ending)
    if fault is not None:
        out.append(gear.fail(fault))
    elif outcome != "empty":
        out.append(gear.close())
    return Carried(b"".join(out), outcome, tuple(gear.losses))


def whole(
    body: bytes, backend: str, caller: str, told: ReplyContext, source: Source | None = None
) -> Carried | Fault:
    """A whole reply as `caller` gets it, or the fault that it is."""
    result = translate_whole(body, DIALECTS[backend], source or Source(), caller_half(caller), told)
    if isinstance(result, Fault):
        return result
    return Carried(result.body, "complete", result.losses)


@functools.cache
def pairs() -> tuple[tuple[str, str], ...]:
    """Every caller's dialect with every backend's."""
    return tuple((caller, backend) for caller in CALLERS for backend in BACKENDS)
