"""A flood of requests with keys that nobody has. Usage: python -m measure.flood PORT SECONDS RATE.

A process of its own and cheap, so that the one who asks with a good key does not wait for it: what
is sent is prepared, and of the answers only their status lines are counted.
"""

import asyncio
import sys
import time
from functools import partial
from typing import cast

import uvloop
from typing_extensions import override

from headgate.model import key_format
from measure.served import request

CONNECTIONS = 16
PIPELINED = 4
_MADE = key_format.make(bytes(range(key_format.RANDOM_BYTES))).text
JUNK = (
    _MADE,  # well formed, its check digits right, and nobody's
    _MADE[:-1] + ("0" if _MADE[-1] != "0" else "1"),
    "sk-proj-0123456789abcdef0123456789abcdef",
    "",
    "x" * 4000,
)
_STATUS = b"HTTP/1.1 "
_REFUSED = b"HTTP/1.1 401 "


class Flooder(asyncio.Protocol):
    """One connection: says the next batch when it is due and the last one was answered."""

    def __init__(self, number: int) -> None:
        keys = [JUNK[(number + place) % len(JUNK)] for place in range(len(JUNK) * PIPELINED)]
        requests = [request(key) for key in keys]
        self._batches = [
            b"".join(requests[at : at + PIPELINED]) for at in range(0, len(keys), PIPELINED)
        ]
        self._transport: asyncio.Transport | None = None
        self._said = 0
        self._heard = b""
        self.answered = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @override
    def data_received(self, data: bytes) -> None:
        data = self._heard + data
        self.answered += data.count(_STATUS)
        if data.count(_STATUS) != data.count(_REFUSED):
            raise RuntimeError(f"another status: {data[:100]!r}")
        # What may be the beginning of a status line is looked at again with what follows it.
        end = data.rfind(b"\n") + 1
        self._heard = data[end:] if _REFUSED.startswith(data[end:][: len(_REFUSED)]) else b""

    def say(self) -> None:
        """The next batch, where nothing is owed."""
        if self._transport is not None and self.answered == self._said * PIPELINED:
            self._transport.write(self._batches[self._said % len(self._batches)])
            self._said += 1


async def main(port: int, seconds: float, per_s: int) -> int:
    """How many were answered."""
    loop = asyncio.get_running_loop()
    flooders = [Flooder(number) for number in range(CONNECTIONS)]
    for flooder in flooders:
        await loop.create_connection(partial(_same, flooder), "127.0.0.1", port)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    every_s = PIPELINED / per_s
    begun = time.perf_counter()
    said = 0
    while (now := time.perf_counter()) < begun + seconds:
        while begun + said * every_s <= now:
            flooders[said % CONNECTIONS].say()
            said += 1
        await asyncio.sleep(max(every_s, 0.001))
    return sum(flooder.answered for flooder in flooders)


def _same(flooder: Flooder) -> Flooder:
    return flooder


if __name__ == "__main__":
    port, seconds, per_s = sys.argv[1:]
    sys.stdout.write(f"{uvloop.run(main(int(port), float(seconds), int(per_s)))}\n")
