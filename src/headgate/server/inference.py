"""From a matched inference route to the trunk: the exchange is made and carried out."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from headgate.dialects.dialect import Dialect
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.run import run
from headgate.ports import Downstream
from headgate.server.connection import Connection
from headgate.server.cycle import Cycle
from headgate.server.head import Head
from headgate.server.interface import Scope

_LISTS = frozenset(("anthropic-beta",))
"""Headers that callers repeat and that read as one list."""


async def serve_inference(
    gateway: Gateway, dialect: Dialect, scope: Scope, downstream: Downstream
) -> None:
    """Serves one request to an inference endpoint of `dialect`."""
    asked = Asked(scope["path"], read_headers(scope["headers"]), peer_of(scope))
    await run(gateway, open_exchange(gateway, dialect, asked), downstream)


class Asked(NamedTuple):
    """A request to an inference endpoint as far as it is known before its body."""

    path: str
    headers: dict[str, str]
    peer: str | None


def open_exchange(gateway: Gateway, dialect: Dialect, asked: Asked) -> Exchange:
    """The exchange of a request that just came."""
    caller = dialect.caller
    assert caller is not None, f"{dialect.name} is spoken to backends only"
    return Exchange(
        id=f"req_{gateway.mint()}",
        endpoint=asked.path,
        dialect=dialect,
        caller=caller,
        snapshot=gateway.snapshot,
        headers=asked.headers,
        created_at=gateway.wall(),
        began=time.monotonic(),
        peer=asked.peer,
    )


def asked_of(cycle: Cycle) -> Asked:
    """What was asked on our own server."""
    head, peername = cycle.head, cycle.peername
    return Asked(head.path, headers_of(head), peername[0] if peername else None)


def headers_of(head: Head) -> dict[str, str]:
    """See `read_headers`. Where no name is repeated there is nothing to join."""
    plain = len(head.headers) == len(head.fields)
    return head.headers if plain else _merged(head.fields)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; the last of several counts, but for those that are lists."""
    return _merged((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw)


def _merged(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields:
        known = headers.get(name) if name in _LISTS else None
        headers[name] = value if known is None else f"{known},{value}"
    return headers


def peer_of(scope: Scope) -> str | None:
    """The address that the connection comes from; None where it has none."""
    connection: Connection | None = (scope.get("extensions") or {}).get("headgate")
    peername = connection.peername if connection is not None else None
    return peername[0] if peername else None
