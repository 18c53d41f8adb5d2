"""A caller on a bare socket: it sees every byte, every chunk, and how the answer ended."""

import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

PATHS = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
}
DIALECTS = tuple(PATHS)

Ended = Literal["clean", "broken"]
_RESET = struct.pack("ii", 1, 0)
_PATIENCE_S = 15.0
_NARROW_BYTES = 32 * 1024


@dataclass
class Answer:
    """A whole answer. ``broken``: its body did not end as its framing wants."""

    status: int
    headers: dict[str, str]
    body: bytes
    ended: Ended = "clean"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        """The gateway's id of the request."""
        return self.headers["x-request-id"]


@dataclass
class Line:
    """One connection on which requests are sent and answers read as they come. ``narrow``: little
    of an answer is taken that was not read."""

    url: str
    chunks: list[bytes] = field(default_factory=list)
    narrow: bool = False

    def __post_init__(self) -> None:
        where = urlsplit(self.url)
        assert where.hostname is not None
        self._socket = socket.create_connection((where.hostname, where.port), _PATIENCE_S)
        if self.narrow:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_BYTES)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def head(self) -> tuple[int, dict[str, str]]:
        """The status and headers of the next answer."""
        status = int(self._line().split(b" ")[1])
        headers: dict[str, str] = {}
        while line := self._line().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers

    def chunk(self) -> bytes:
        """The next chunk of a chunked body; ``b""`` at its end.

        Raises ConnectionError where the body breaks off.
        """
        size = int(self._line(), 16)
        data = self._exactly(size)
        self._exactly(2)
        if data:
            self.chunks.append(data)
        return data

    def until(self, mark: bytes) -> bytes:
        """Chunks of the body until `mark` is in what came."""
        while mark not in b"".join(self.chunks):
            assert self.chunk(), f"the body ended without {mark!r}: {self.chunks}"
        return b"".join(self.chunks)

    def rest(self) -> Ended:
        """Reads the chunked body to its end, into ``chunks``."""
        try:
            while self.chunk():
                pass
        except ConnectionError:
            return "broken"
        return "clean"

    def answer(self, method: str = "POST") -> Answer:
        """The whole next answer."""
        status, headers = self.head()
        if "content-length" in headers:
            length = 0 if method == "HEAD" else int(headers["content-length"])
            return Answer(status, headers, self._exactly(length))
        ended = self.rest()
        return Answer(status, headers, b"".join(self.chunks), ended)

    def some(self) -> bytes:
        """What comes next, whatever it is; ``b""`` at the end of the connection."""
        return self._file.read1()

    def half_close(self) -> None:
        """Says that nothing more is sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def leave(self, reset: bool = False) -> None:
        """Closes the connection, with a reset if asked."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._file.close()
        self._socket.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _line(self) -> bytes:
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the answer broke off")
        return line

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("the answer broke off")
        return data


def request(path: str, body: bytes, method: str = "POST", **headers: str) -> bytes:
    """A request as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", "host: gateway.test"]
    if method == "POST":
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def question(dialect: str, model: str, stream: bool = True, **more: Any) -> bytes:
    """A request's body that asks `model` in `dialect`."""
    said: dict[str, Any] = {"model": model, "stream": stream}
    if dialect == "responses":
        said["input"] = "Hello there"
    else:
        said["messages"] = [{"role": "user", "content": "Hello there"}]
    if dialect == "messages":
        said["max_tokens"] = 100
    return json.dumps({**said, **more}).encode()


def ask(url: str, dialect: str, body: bytes, **headers: str) -> Answer:
    """Asks on a connection of its own and reads the answer to its end."""
    with Line(url) as line:
        line.send(request(PATHS[dialect], body, **headers))
        return line.answer()


def get(url: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """Fetches a page."""
    with Line(url) as line:
        line.send(request(path, b"", method, **headers))
        return line.answer(method)


def frames(body: bytes) -> Iterator[bytes]:
    """The frames of an event stream, each with its blank line."""
    *whole, rest = body.split(b"\n\n")
    assert rest == b"", f"the body ends inside a frame: {rest!r}"
    return (frame + b"\n\n" for frame in whole)
