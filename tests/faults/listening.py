"""A listener on a bare socket, in a thread of its own."""

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from typing import Self

from typing_extensions import override


class Listening(ABC):
    """Meets one peer after another at ``url`` until it is stopped; a peer's errors are its own."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @abstractmethod
    def meet(self, peer: socket.socket) -> None:
        """Serves one connection, which is closed afterwards."""

    def __enter__(self) -> Self:
        """It listens since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        # A blocked accept wakes by this, not by the close.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5.0)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._take(peer)

    def _take(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            self.meet(peer)


class ListeningToMany(Listening):
    """The same for many at a time."""

    @override
    def _take(self, peer: socket.socket) -> None:
        threading.Thread(target=super()._take, args=(peer,), daemon=True).start()
