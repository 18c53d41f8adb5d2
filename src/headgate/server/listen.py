"""Listening and serving: from an address to the end of the process."""

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from headgate.server.limits import Limits
from headgate.server.service import CannotServe, Service, Timing
from headgate.server.supervisor import supervise
from headgate.server.worker import Worker, run_worker

_REASONS = {
    errno.EADDRINUSE: "the port is in use already",
    errno.EACCES: "this user may not use that port",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


def serve(
    make_service: Callable[[int], Service],
    sockets: list[socket.socket],
    on_listening: Callable[[], None],
    workers: int = 1,
    timing: Timing = Timing(),  # noqa: B008 - frozen
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> None:
    """Serves on `sockets` (see `bind`) until a signal ends it; returns after the drain.

    `make_service` is called with the worker's number, from 0, in the worker's own process, before
    its event loop runs. `on_listening` is called once, when every worker takes connections.
    SIGTERM and SIGINT drain, a second one hastens, SIGHUP reloads. Raises CannotServe.
    """

    def run(number: int, on_ready: Callable[[], None], lifeline: int | None) -> None:
        worker = Worker(make_service(number), timing, limits)
        run_worker(worker, sockets, on_ready, lifeline)

    try:
        if workers == 1:
            run(0, on_listening, None)
        else:
            supervise(run, workers, sockets, on_listening)
    finally:
        for sock in sockets:
            sock.close()


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets, one for each address of `host`, all on one port (0: any free one).

    Raises CannotServe.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            if port == 0 and sockets:
                address = (address[0], bound_port(sockets), *address[2:])
            sockets.append(_listen(family, address))
    except UnicodeError as error:
        raise CannotServe(f"cannot listen on {host!r}: it is no host name") from error
    except OSError as error:
        for sock in sockets:
            sock.close()
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        raise CannotServe(f"cannot listen on {host} port {port}: {reason}") from error
    return sockets


def bound_port(sockets: list[socket.socket]) -> int:
    """The port that `bind` got."""
    return int(sockets[0].getsockname()[1])


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _listen(family: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A restart must not wait for the old connections to be forgotten.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Accepted connections inherit it: a peer that vanished in silence is found in the end.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.bind(address)
        sock.listen(2048)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
