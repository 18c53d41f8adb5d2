"""A TCP connection to whichever of a host's addresses answers first (RFC 8305)."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from itertools import chain, zip_longest

from headgate.upstream.egress import AddressInfo, guarded_socket

STAGGER_S = 0.25
"""How long an address is waited for before the next is tried beside it."""
_KEEP_ALIVE_AFTER_S = 60
"""A model may think for minutes without a byte; what lies between forgets silent connections."""


async def dial(addresses: Iterable[AddressInfo]) -> socket.socket:
    """A connected socket to one of `addresses`, at least one. Raises OSError: why the first of
    them failed."""
    waiting = deque(_interleaved(addresses))
    if len(waiting) == 1:
        return await _connect(waiting[0])
    loop = asyncio.get_running_loop()
    attempts: set[asyncio.Task[socket.socket]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(loop.create_task(_connect(waiting.popleft())))
            stagger_s = STAGGER_S if waiting else None
            done, _ = await asyncio.wait(
                attempts, timeout=stagger_s, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                attempts.discard(attempt)
                failure = attempt.exception()
                if failure is None:
                    attempts.update(done)
                    attempts.discard(attempt)
                    return attempt.result()
                failures.append(failure)
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_drop)
    raise failures[0]


async def _connect(address: AddressInfo) -> socket.socket:
    made = guarded_socket(address)
    connected = False
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEP_ALIVE_AFTER_S)
        await asyncio.get_running_loop().sock_connect(made, address[4])
        connected = True
    finally:
        if not connected:
            made.close()
    return made


def _drop(attempt: asyncio.Task[socket.socket]) -> None:
    """Closes what was connected too late."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


def _interleaved(addresses: Iterable[AddressInfo]) -> Iterable[AddressInfo]:
    """The families in turns, the first address's family first."""
    families: dict[int, list[AddressInfo]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    turns = chain.from_iterable(zip_longest(*families.values()))
    return [address for address in turns if address is not None]
