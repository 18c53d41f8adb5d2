"""A backend on a bare socket that counts a request's body as it comes, and keeps its ends only."""

import hashlib
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from typing_extensions import override

from tests.faults.listening import ListeningToMany

_KEPT = 4096


@dataclass
class Visit:
    """One request: its head, how much of its body came, and whether it came whole."""

    head: bytes
    size: int = 0
    first: bytes = b""
    last: bytes = b""
    whole: bool = False
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def take(self, data: bytes) -> None:
        self.size += len(data)
        self.digest.update(data)
        self.first = (self.first + data[:_KEPT])[:_KEPT]
        self.last = (self.last + data)[-_KEPT:]

    @property
    def path(self) -> str:
        return self.head.split(b" ")[1].decode()

    def header(self, name: str) -> str | None:
        found = re.search(rb"\r\n%b: ([^\r]*)" % name.encode(), self.head.lower())
        return found[1].decode() if found else None


def answer(status: int, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole answer as it is sent."""
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n".encode() + body


OK = answer(200, b'{"text":"Hello there"}')


class CountingBackend(ListeningToMany):
    """Reads a body to its end, then sends ``answer``; ``early`` bytes of the body are enough to
    answer at once. It reads only while ``reads`` is set."""

    def __init__(self) -> None:
        self.answer = OK
        self.early: int | None = None
        self.reads = threading.Event()
        self.reads.set()
        self.visits: list[Visit] = []
        self._over = threading.Semaphore(0)
        super().__init__()

    def reset(self) -> None:
        self.answer, self.early, self.visits = OK, None, []
        self.reads.set()
        self._over = threading.Semaphore(0)

    def wait(self, timeout_s: float = 20.0) -> Visit:
        """The next visit, once it is over."""
        assert self._over.acquire(timeout=timeout_s), f"nobody left: {self.visits}"
        return self.visits[-1]

    @override
    def meet(self, peer: socket.socket) -> None:
        peer.settimeout(60.0)
        heard = b""
        while b"\r\n\r\n" not in heard:
            data = peer.recv(65536)
            if not data:
                return
            heard += data
        head, _, rest = heard.partition(b"\r\n\r\n")
        visit = Visit(head)
        self.visits.append(visit)
        try:
            self._read(peer, visit, rest)
            peer.sendall(self.answer)
            peer.shutdown(socket.SHUT_WR)
            if self.early is not None:
                peer.settimeout(5.0)
                while peer.recv(65536):
                    pass
        finally:
            self._over.release()

    def _read(self, peer: socket.socket, visit: Visit, rest: bytes) -> None:
        length = visit.header("content-length")
        piece: Callable[[bytes], tuple[bytes, bool]]
        piece = _plain(int(length)) if length is not None else _chunked()
        data, visit.whole = piece(rest)
        visit.take(data)
        while not visit.whole:
            if self.early is not None and visit.size >= self.early:
                return
            self.reads.wait()
            more = peer.recv(65536)
            if not more:
                raise ConnectionError("the body broke off")
            data, visit.whole = piece(more)
            visit.take(data)


def _plain(length: int) -> Callable[[bytes], tuple[bytes, bool]]:
    left = length

    def piece(data: bytes) -> tuple[bytes, bool]:
        nonlocal left
        left -= len(data)
        return data, left <= 0

    return piece


def _chunked() -> Callable[[bytes], tuple[bytes, bool]]:
    buffer = b""

    def piece(data: bytes) -> tuple[bytes, bool]:
        nonlocal buffer
        buffer += data
        out: list[bytes] = []
        while True:
            line, newline, rest = buffer.partition(b"\r\n")
            size = int(line, 16) if newline else -1
            if size < 0 or len(rest) < size + 2:
                return b"".join(out), False
            if size == 0:
                return b"".join(out), True
            out.append(rest[:size])
            buffer = rest[size + 2 :]

    return piece
