"""A backend that keeps to no rule: each answer is what the plan of its request says."""

import asyncio
import contextlib
import gzip
import random
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator

from tests.faults.streams import FINISH, INBAND
from tests.faults.wild_plan import Plan, plan_of

_NAME = re.compile(rb"n(\d+)\.")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_RESET = struct.pack("ii", 1, 0)
_HOLD_S = 30.0
_PAUSE_S = 0.01
_ONE_SEGMENT = 10_000
_POISON = b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"poison": "!"}'
"""An answer that nobody asked for."""

Step = bytes | float | str
"""What is done next: bytes are sent, a number is seconds of silence, a word is what it says."""


class WildBackend:
    """Serves in a thread of its own. ``asked``: how often each number came."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.asked: Counter[int] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._visits: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes every connection and the port."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        server = await asyncio.start_server(self._visit, sock=self._listener)
        await self._stop.wait()
        server.close()
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection may go on."""
        head = await reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        body = await reader.readexactly(int(found[1]) if found else 0)
        name = _NAME.search(body)
        if name is None:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}")
            return True
        number = int(name[1])
        self.asked[number] += 1
        for step in steps_of(plan_of(self._seed, number)):
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif step == "hold":
                await asyncio.wait_for(reader.read(1), _HOLD_S)
                return False
            else:
                if step == "reset":
                    end = writer.get_extra_info("socket")
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return False
        return True


def steps_of(plan: Plan) -> Iterator[Step]:
    """What the backend does for a request of that plan, once it has read it."""
    match plan.conduct:
        case "refuses":
            status = (400, 404, 429, 500, 503, 529)[plan.number % 6]
            said = b'{"error": {"message": "No."}}'
            yield b"HTTP/1.1 %d No\r\ncontent-length: %d\r\n\r\n%b" % (status, len(said), said)
        case "nonsense":
            yield b"SSH-2.0-OpenSSH_9.6\r\n"
            yield "close"
        case "half a head":
            yield b"HTTP/1.1 200 OK\r\ncontent-type: text/ev"
            yield "close"
        case "vanishes":
            yield "reset"
        case "silent":
            yield "hold"
        case "two framings":
            lines = b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"
            yield b"HTTP/1.1 200 OK\r\n" + lines + b"0\r\n\r\n"
        case "ends early" | "resets" | "closes" | "bad chunk" | "stalls" | "reports":
            yield from _broken(plan)
        case _:
            yield from _whole(plan)


def _whole(plan: Plan) -> Iterator[Step]:
    sent = _pieces(plan)
    match plan.conduct:
        case "interim":
            yield b"HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
            yield b"".join(sent)
        case "shreds":
            yield from _shredded(plan, b"".join(sent))
        case "tardy":
            for piece in sent:
                yield piece
                yield _PAUSE_S
        case "surplus" if plan.framing != "until closed" and plan.size < _ONE_SEGMENT:
            # What arrives when the next request is out already is its answer to anybody.
            yield b"".join(sent) + _POISON
        case _:
            yield b"".join(sent)
    if plan.conduct == "hangs up" or plan.framing == "until closed":
        yield "close"


def _pieces(plan: Plan) -> list[bytes]:
    """All of a good answer."""
    parts = plan.frames() if plan.stream else [plan.reply()]
    packed = plan.conduct == "gzip"
    if packed:
        parts = [gzip.compress(part) for part in parts]
    end = [b"0\r\n\r\n"] if plan.framing == "chunked" else []
    head = _head(plan, sum(map(len, parts)), packed)
    return [head, *(_framed(plan, part) for part in parts), *end]


def _broken(plan: Plan) -> Iterator[Step]:
    """The beginning of an answer and how it breaks off; in the middle of what makes it whole."""
    whole = plan.frames() if plan.stream else [plan.reply()]
    parts = whole[: min(plan.cut, FINISH[plan.backend] - 1)]
    if not plan.stream:
        parts = [whole[0][: len(whole[0]) // 2]]
    if plan.conduct == "reports":
        parts.append(INBAND[plan.backend])
    yield _head(plan, sum(map(len, whole)) + 1000, False)
    for part in parts:
        yield _framed(plan, part)
    if plan.conduct == "resets":
        yield "reset"
    elif plan.conduct == "stalls":
        yield "hold"
    elif plan.conduct == "bad chunk" and plan.framing == "chunked":
        yield b"zz\r\n"
        yield "hold"
    elif plan.conduct == "ends early" and plan.framing == "chunked":
        yield b"0\r\n\r\n"
    else:
        yield "close"


def _head(plan: Plan, length: int, packed: bool) -> bytes:
    kind = b"text/event-stream" if plan.stream else b"application/json"
    lines = [b"HTTP/1.1 200 OK", b"content-type: " + kind]
    if packed:
        lines.append(b"content-encoding: gzip")
    if plan.framing == "chunked":
        lines.append(b"transfer-encoding: chunked")
    elif plan.framing == "sized":
        lines.append(b"content-length: %d" % length)
    else:
        lines.append(b"connection: close")
    return b"\r\n".join([*lines, b"", b""])


def _framed(plan: Plan, part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part) if plan.framing == "chunked" else part


def _shredded(plan: Plan, data: bytes) -> Iterator[Step]:
    chance = random.Random(plan.number)
    at = 0
    while at < len(data):
        size = chance.choice((1, 2, 7, 100, 5_000, 100_000))
        yield data[at : at + size]
        at += size
        if chance.random() < 0.2:
            yield _PAUSE_S / 10


@contextlib.contextmanager
def wild_backend(seed: int) -> Iterator[WildBackend]:
    backend = WildBackend(seed)
    try:
        yield backend
    finally:
        backend.stop()
