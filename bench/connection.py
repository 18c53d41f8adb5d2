"""The load's end of a connection: one request at a time, as raw bytes; the answer in pieces."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Protocol, cast

from typing_extensions import override

from bench.upstream import DIGITS, STAMP

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_NUMERALS = bytes.maketrans(DIGITS, b"0123456789")


class Refused(Exception):  # noqa: N818 - named for the fact
    """An answer that is no success, or none at all; the message says which."""


class Visit(Protocol):
    """Whoever asked, and is told of the answer."""

    def piece(self, payload: bytes) -> None:
        """One HTTP chunk, or what has come of a body with a length."""
        ...

    def done(self) -> None:
        """The answer is whole; the connection is free."""
        ...

    def failed(self, why: str) -> None:
        """The answer is no success, or was cut off."""
        ...


class Connection(asyncio.Protocol):
    """Kept open between requests."""

    def __init__(self) -> None:
        self._visit: Visit | None = None
        self._tail = b""
        self._left = -1  # of a body with a length; -1: the head is awaited; -2: in chunks
        self._status = 0
        self._transport: asyncio.Transport | None = None

    @property
    def open(self) -> bool:
        """Whether another request may go out on it."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, visit: Visit) -> None:
        """Sends `request`; what comes back is told to `visit`."""
        assert self._transport is not None
        self._visit, self._tail, self._left = visit, b"", -1
        self._transport.write(request)

    def close(self) -> None:
        """Leaves, also in the middle of an answer."""
        self._visit = None
        if self._transport is not None:
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._visit is not None:
            visit, self._visit = self._visit, None
            visit.failed("the answer was cut off")

    @override
    def data_received(self, data: bytes) -> None:
        if self._visit is None:
            return
        if self._left == -1:
            data = self._head(data)
            if self._left == -1:
                return
        if self._left == -2:
            self._chunks(data)
            return
        self._left -= len(data)
        if data:
            self._visit.piece(data)
        if self._left <= 0:
            self._finish(data)

    def _head(self, data: bytes) -> bytes:
        """What follows the head, once that is whole."""
        data = self._tail + data if self._tail else data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._tail = data
            return b""
        self._tail = b""
        self._status = int(data[9:12])
        length = _LENGTH.search(data, 0, end)
        self._left = int(length[1]) if length else -2
        return data[end + 4 :]

    def _chunks(self, data: bytes) -> None:
        visit = self._visit
        assert visit is not None
        data = self._tail + data if self._tail else data
        at, payload = 0, b""
        while (line := data.find(b"\r\n", at)) >= 0:
            size = int(data[at:line], 16)
            end = line + 2 + size
            if len(data) < end + 2:
                break
            if size == 0:
                self._finish(payload)
                return
            payload = data[line + 2 : end]
            visit.piece(payload)
            at = end + 2
        self._tail = data[at:]

    def _finish(self, last: bytes) -> None:
        visit = self._visit
        assert visit is not None
        self._visit, self._left = None, -1
        if self._status == 200:
            visit.done()
        else:
            visit.failed(f"status {self._status}: {last[:200].decode('utf-8', 'replace')}")


async def connect(port: int) -> Connection:
    """A new connection to 127.0.0.1."""
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Connection, "127.0.0.1", port))[1]


class Hearing:
    """A stream being heard: how many pieces and events came, and when.

    ``first_s`` is the moment of the first event (``time.perf_counter``). With ``stamps`` every
    chunk of text adds two numbers to it: when it left the backend and when it came here, in
    microseconds of the monotonic clock.
    """

    __slots__ = ("_on_end", "asked_s", "error", "events", "first_s", "pieces", "stamps")

    def __init__(self, on_end: Callable[[], None], stamps: list[int] | None = None) -> None:
        self._on_end = on_end
        self.asked_s = time.perf_counter()
        self.first_s = 0.0
        self.pieces = self.events = 0
        self.error: str | None = None
        self.stamps = stamps

    def piece(self, payload: bytes) -> None:
        if not self.first_s and b"data:" in payload:
            self.first_s = time.perf_counter()
        self.pieces += 1
        self.events += payload.count(b"data:")
        if self.stamps is not None and (at := payload.find(STAMP)) >= 0:
            now_us = time.monotonic_ns() // 1000
            while at >= 0:
                text = payload[at + 1 : at + 17].translate(_NUMERALS)
                self.stamps += (int(text), now_us)
                at = payload.find(STAMP, at + 17)

    def done(self) -> None:
        self._on_end()

    def failed(self, why: str) -> None:
        self.error = why
        self._on_end()
