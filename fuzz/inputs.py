"""Bytes of the fuzzer's as the choices that damage recorded traffic, or as themselves."""

import random

import msgspec
from tests import recordings
from tests.conformance import damage

from headgate.wire import aws_eventstream, json_text

SMALL = 8_000
"""Characters of a recording that is worth damaging again and again."""


class Bytes(random.Random):
    """Chance that is drawn from given bytes, so that a fuzzer can steer it; zeros at their end."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = data
        self._at = 0

    def rest(self) -> bytes:
        """What was not drawn yet."""
        return self._data[self._at :]

    def getrandbits(self, k: int) -> int:
        """The next `k` bits."""
        size = (k + 7) // 8
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken.ljust(size, b"\0"), "little") & ((1 << k) - 1)

    def random(self) -> float:
        """The next 16 bits as a fraction."""
        return self.getrandbits(16) / 65536


def stream(dialect: str, chance: Bytes) -> bytes:
    """A damaged recorded stream, or the bytes as they are."""
    if dialect == "converse":
        return _converse(chance)
    rows = _streams(dialect)
    if not rows or chance.random() < 0.2:
        return chance.rest()
    return damage.damaged_stream(chance.choice(rows), chance, chance.randint(0, 6))


def reply(dialect: str, chance: Bytes) -> bytes:
    """A damaged recorded reply, or the bytes as they are."""
    return _value(_bodies(dialect, "response"), chance)


def request(dialect: str, chance: Bytes) -> bytes:
    """A damaged recorded request, or the bytes as they are."""
    return _value(_bodies(dialect, "request"), chance)


def _value(bodies: list[bytes], chance: Bytes) -> bytes:
    if not bodies or chance.random() < 0.2:
        return chance.rest()
    whole = json_text.decode(chance.choice(bodies))
    return json_text.encode(damage.damaged_value(whole, chance, chance.randint(1, 5)))


def _converse(chance: Bytes) -> bytes:
    """Frames of the binary framing with damaged payloads, or the bytes as they are."""
    if chance.random() < 0.2:
        return chance.rest()
    out = []
    for kind, payload in _CONVERSE[: chance.randint(1, len(_CONVERSE))]:
        value = damage.damaged_value(payload, chance, chance.randint(0, 2))
        kind = chance.choice([kind, kind, kind, chance.choice(_CONVERSE)[0]])
        headers = {":message-type": "event", ":event-type": kind}
        if chance.random() < 0.05:
            headers = {":message-type": "exception", ":exception-type": kind}
        out.append(aws_eventstream.encode(headers, json_text.encode(value)))
    return b"".join(out)


_CONVERSE: list[tuple[str, dict[str, object]]] = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "a"}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    (
        "contentBlockDelta",
        {"contentBlockIndex": 1, "delta": {"reasoningContent": {"text": "b"}}},
    ),
    (
        "contentBlockDelta",
        {"contentBlockIndex": 1, "delta": {"reasoningContent": {"signature": "c"}}},
    ),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    (
        "contentBlockStart",
        {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t", "name": "n"}}},
    ),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": "{}"}}}),
    ("contentBlockStop", {"contentBlockIndex": 2}),
    ("messageStop", {"stopReason": "tool_use"}),
    (
        "metadata",
        {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {}},
    ),
]


def _streams(dialect: str) -> list[str]:
    if dialect not in _KEPT_STREAMS:
        rows = [param.values[0] for param in recordings.streams(dialect)]
        small = [row["sse"] for row in rows if row and len(row["sse"]) < SMALL]
        _KEPT_STREAMS[dialect] = small
    return _KEPT_STREAMS[dialect]


def _bodies(dialect: str, key: str) -> list[bytes]:
    if (dialect, key) not in _KEPT_BODIES:
        rows = [param.values[0] for param in recordings.exchanges(dialect)]
        bodies = [msgspec.json.encode(row[key]) for row in rows if row and row[key]]
        _KEPT_BODIES[dialect, key] = [body for body in bodies if len(body) < SMALL]
    return _KEPT_BODIES[dialect, key]


_KEPT_STREAMS: dict[str, list[str]] = {}
_KEPT_BODIES: dict[tuple[str, str], list[bytes]] = {}
