"""The load: requests over kept connections, and streams read to their last byte."""

import asyncio
import time

import msgspec

KEY = "bench-key-0123456789-0123456789"
REQUEST = (
    b'{"model":"m","messages":[{"role":"user","content":"Say hello."}]}',
    b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Say hello."}]}',
)


class Tally(msgspec.Struct):
    """What was done, and how long it took, in seconds."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    firsts: list[float] = []


async def run_json(port: int, connections: int, seconds: float, path: str) -> Tally:
    """Small requests, one after another on each connection, for `seconds`."""
    tally = Tally(firsts=[])
    end = time.perf_counter() + seconds
    began = time.perf_counter()
    await asyncio.gather(*(_json_client(port, end, path, tally) for _ in range(connections)))
    tally.seconds = time.perf_counter() - began
    return tally


async def run_streams(port: int, streams: int, rounds: int, path: str) -> Tally:
    """`streams` at the same time, `rounds` times on each connection."""
    tally = Tally(firsts=[])
    began = time.perf_counter()
    await asyncio.gather(*(_stream_client(port, rounds, path, tally) for _ in range(streams)))
    tally.seconds = time.perf_counter() - began
    return tally


def _request(body: bytes, path: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _json_client(port: int, end: float, path: str, tally: Tally) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = _request(REQUEST[0], path)
    while time.perf_counter() < end:
        asked = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        _expect_ok(head)
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        tally.firsts.append(time.perf_counter() - asked)
        tally.requests += 1
    writer.close()


async def _stream_client(port: int, rounds: int, path: str, tally: Tally) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = _request(REQUEST[1], path)
    for _ in range(rounds):
        asked = time.perf_counter()
        writer.write(request)
        _expect_ok(await reader.readuntil(b"\r\n\r\n"))
        tally.firsts.append(time.perf_counter() - asked)
        tail = b""
        while not tail.endswith(b"0\r\n\r\n"):
            data = await reader.read(65536)
            if not data:
                raise RuntimeError("the stream was cut")
            tally.bytes += len(data)
            tail = (tail + data)[-16:]
        tally.requests += 1
    writer.close()


def _expect_ok(head: bytes) -> None:
    if b" 200 " not in head[:20]:
        raise RuntimeError(f"refused: {head[:200]!r}")
