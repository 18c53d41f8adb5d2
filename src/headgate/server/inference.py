"""From a matched inference route to the trunk: the exchange is made and carried out."""

import time
from collections.abc import Iterable

from headgate.dialects.dialect import CallerHalf, Dialect
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.run import run
from headgate.server.connection import Connection
from headgate.server.downstream import Downstream
from headgate.server.interface import Scope

_LISTS = frozenset(("anthropic-beta",))
"""Headers that callers repeat and that read as one list."""


async def serve_inference(
    gateway: Gateway, dialect: Dialect, scope: Scope, downstream: Downstream
) -> None:
    """Serves one request to an inference endpoint of `dialect`."""
    exchange = Exchange(
        id=f"req_{gateway.mint()}",
        endpoint=scope["path"],
        dialect=dialect,
        caller=_caller_half(dialect),
        snapshot=gateway.snapshot,
        headers=read_headers(scope["headers"]),
        created_at=gateway.wall(),
        began=time.monotonic(),
        peer=peer_of(scope),
    )
    await run(gateway, exchange, downstream)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; the last of several counts, but for those that are lists."""
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name in _LISTS and name in headers:
            value = f"{headers[name]},{value}"
        headers[name] = value
    return headers


def peer_of(scope: Scope) -> str | None:
    """The address that the connection comes from; None where it has none."""
    connection: Connection | None = (scope.get("extensions") or {}).get("headgate")
    peername = connection.peername if connection is not None else None
    return peername[0] if peername else None


def _caller_half(dialect: Dialect) -> CallerHalf:
    assert dialect.caller is not None, f"{dialect.name} is spoken to backends only"
    return dialect.caller
