"""Which recordings these tests use, and how thoroughly."""

import os
import random
from collections.abc import Iterator
from typing import Any

from tests import recordings

EXHAUSTIVE = os.environ.get("CONFORMANCE") == "exhaustive"
"""Cut at every place instead of at chosen ones: `make conformance` sets it."""

SHORT = 6_000
"""Bytes of a stream that is cut into single bytes in every run."""


def streams() -> list[Any]:
    """Every recorded stream."""
    return recordings.streams()


def replies() -> list[Any]:
    """Every recorded reply with a status of success."""
    return [p for p in _inference() if p.values[0] is None or _status(p.values[0]) < 400]


def errors() -> list[Any]:
    """Every recorded reply with a status of failure."""
    return [p for p in _inference() if p.values[0] is not None and _status(p.values[0]) >= 400]


def asked() -> list[Any]:
    """Every recorded request of a dialect that callers speak."""
    rows = [*streams(), *_inference()]
    return [p for p in rows if p.values[0] is None or _is_a_callers(p.values[0])]


def cuts(raw: bytes) -> Iterator[list[bytes]]:
    """Ways of cutting `raw` into pieces."""
    chance = random.Random(len(raw))
    if EXHAUSTIVE or len(raw) <= SHORT:
        yield [raw[at : at + 1] for at in range(len(raw))]
    if EXHAUSTIVE:
        yield from ([raw[:at], raw[at:]] for at in range(1, len(raw)))
    yield _random_pieces(raw, chance, 400)
    yield _random_pieces(raw, chance, 7_000)


def ends(raw: bytes) -> list[int]:
    """Places at which a stream may break off: between events, and anywhere."""
    chance = random.Random(len(raw))
    frames = [at + 1 for at in range(len(raw)) if raw[at : at + 2] in (b"\n\n", b"\r\n")]
    if not EXHAUSTIVE:
        frames = chance.sample(frames, min(len(frames), 5))
    return [*frames, *(chance.randrange(1, len(raw)) for _ in range(200 if EXHAUSTIVE else 4))]


def _random_pieces(raw: bytes, chance: random.Random, most: int) -> list[bytes]:
    pieces = []
    at = 0
    while at < len(raw):
        size = chance.randint(1, most)
        pieces.append(raw[at : at + size])
        at += size
    return pieces


def _inference() -> list[Any]:
    """The exchanges, without those of the Assistants API, whose paths end alike."""
    found = recordings.exchanges()
    return [p for p in found if p.values[0] is None or "/threads/" not in p.values[0]["url"]]


def _status(row: dict[str, Any]) -> int:
    return int(str(row["status"])[:3])


def _is_a_callers(row: dict[str, Any]) -> bool:
    return bool(row["request"]) and row["dialect"] != "gemini"
