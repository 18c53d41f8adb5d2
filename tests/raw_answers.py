"""A server that gives every connection the same bytes."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def answering(data: bytes) -> Iterator[str]:
    """The address of a server that answers with `data` and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, data), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listener: socket.socket, data: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10.0)
            connection.recv(65536)
            connection.sendall(data)
            # A close with something unread would be a reset, which may take the answer along.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
