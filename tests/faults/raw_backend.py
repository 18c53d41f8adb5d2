"""Backends below HTTP: they send given bytes, or nothing at all."""

import contextlib
import socket
from collections.abc import Iterator

from typing_extensions import override

from tests.faults.listening import Listening


class RawBackend(Listening):
    """Reads a request's head, sends ``answer`` as it is and closes; one connection at a time."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.heard = 0
        super().__init__()

    @override
    def meet(self, peer: socket.socket) -> None:
        peer.settimeout(5.0)
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += _more(peer)
        head, _, body = heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(body) < length:
            body += _more(peer)
        self.heard += 1
        peer.sendall(self.answer)


def _more(peer: socket.socket) -> bytes:
    data = peer.recv(65536)
    if not data:
        raise ConnectionError("the peer left")
    return data


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a listener whose queue is full, so that connecting never ends."""
    with contextlib.ExitStack() as kept:
        listener = kept.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            filler = kept.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """The URL of a port where nobody listens; it is kept, so that nobody else comes to."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{kept.getsockname()[1]}"
