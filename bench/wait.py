"""Waiting for a process to listen."""

import contextlib
import socket
import time


def until_listening(port: int, patience_s: float = 10.0) -> None:
    """Returns when somebody listens on `port` of 127.0.0.1. Raises TimeoutError."""
    deadline_s = time.monotonic() + patience_s
    while time.monotonic() < deadline_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise TimeoutError(f"nobody listens on port {port}")
