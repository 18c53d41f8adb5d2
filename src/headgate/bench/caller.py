"""One kept connection that notes when each part of an answer came."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec


class BenchFailed(Exception):  # noqa: N818 - named for the fact
    """Nothing could be measured; the message is one sentence."""


class Heard(msgspec.Struct, frozen=True):
    """One answer, in seconds after the request went out: its events (a JSON answer has none) and
    its last byte."""

    events_s: tuple[float, ...]
    whole_s: float


class Caller:
    """Asks one thing after another on one connection. Make it with `connected`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> Heard:
        """Sends a whole request and hears the whole answer. Raises BenchFailed."""
        began = time.perf_counter()
        self._writer.write(request)
        try:
            events = await self._hear()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise BenchFailed("an answer broke off") from error
        except ValueError as error:
            raise BenchFailed("an answer is no HTTP") from error
        return Heard(
            events_s=tuple(moment - began for moment in events),
            whole_s=time.perf_counter() - began,
        )

    async def _hear(self) -> list[float]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 "):
            raise BenchFailed("an answer is no HTTP")
        length = _length(head)
        events: list[float] = []
        if length is not None:
            body = await self._reader.readexactly(length)
        else:
            body = await self._hear_chunks(events)
        if not head.startswith(b"http/1.1 200"):
            status = head.split(b" ", 2)[1].decode("ascii", "replace")
            raise BenchFailed(
                f"an answer has status {status}: {body[:200].decode(errors='replace')}"
            )
        return events

    async def _hear_chunks(self, events: list[float]) -> bytes:
        """Reads to the end of a chunked body; gives its last chunk."""
        last = b""
        while size := int(await self._reader.readuntil(b"\n"), 16):
            last = (await self._reader.readexactly(size + 2))[:-2]
            events += [time.perf_counter()] * last.count(b"data:")
        await self._reader.readexactly(2)
        return last


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Caller]:
    """A caller of the server at `url`. Raises BenchFailed."""
    parts = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError as error:
        raise BenchFailed(f"cannot connect to {url}: {error.strerror or error}") from error
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):  # the other side was faster
            await writer.wait_closed()


def request_of(url: str, path: str, body: object, key: str = "") -> bytes:
    """The bytes of a JSON request, made once for many times."""
    text = msgspec.json.encode(body)
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: {urlsplit(url).netloc}",
        "content-type: application/json",
        f"content-length: {len(text)}",
        *([f"authorization: Bearer {key}"] if key else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return None
