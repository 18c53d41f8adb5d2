"""Reads the request log: a page of exchanges, newest first, and one exchange with its attempts."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy import func, select

from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery, bounded
from headgate.model.books import ExchangeRow
from headgate.storage import log_pages, rows
from headgate.storage.engine import Database
from headgate.storage.figure_tables import log_horizon
from headgate.storage.log_search import Search, search
from headgate.storage.scope import Scope, scope_of
from headgate.storage.sql import Row
from headgate.storage.tables import attempts, exchange_bodies, exchanges

MOST_BODY_CHARACTERS = 32 * 1024 * 1024
"""Bodies of one page together; the older exchanges of a larger page come without theirs."""


class RequestLog:
    """The exchanges that are in the database.

    `catch_up` is awaited before each reading, where the last moments' exchanges may still be on
    their way. Every method raises StoreUnreachable.
    """

    def __init__(
        self, database: Database, catch_up: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._database = database
        self._catch_up = catch_up or _ready

    async def find(self, query: RequestQuery) -> RequestPage:
        """The page that `query` asks for, within its bounds."""
        await self._catch_up()
        query = bounded(query)
        scope = await self._kept(await scope_of(self._database, query))
        found = await search(self._database, scope, query.q) if query.q else None
        counted = await log_pages.stretches(self._database, scope, found)
        ids = await self._ids(query, scope, found, counted)
        return RequestPage(
            rows=await self._rows(ids),
            total=sum(stretch.n for stretch in counted),
            limit=query.limit,
            offset=query.offset,
            searched_since=found.since if found else None,
        )

    async def get(self, exchange_id: str) -> RequestDetail | None:
        """One exchange; None where there is no such."""
        await self._catch_up()
        found = await self._database.fetch(select(exchanges).where(exchanges.c.id == exchange_id))
        if not found:
            return None
        bodies = await self._database.fetch(
            select(exchange_bodies).where(exchange_bodies.c.exchange_id == exchange_id)
        )
        made = await self._database.fetch(
            select(attempts)
            .where(attempts.c.exchange_id == exchange_id)
            .order_by(attempts.c.attempt)
        )
        row = rows.exchange(found[0], bodies[0] if bodies else None)
        return RequestDetail(row, tuple(map(rows.attempt, made)))

    async def _kept(self, scope: Scope) -> Scope:
        """`scope` as far back as rows are kept: the figures know more."""
        found = await self._database.fetch(select(log_horizon.c.at))
        if not found:
            return scope
        since = max(found[0]["at"], scope.since or 0.0)
        return msgspec.structs.replace(scope, since=since)

    async def _ids(
        self,
        query: RequestQuery,
        scope: Scope,
        found: Search | None,
        counted: Sequence[log_pages.Stretch],
    ) -> list[str]:
        at = log_pages.place(counted, query.offset, query.limit)
        if at is None:
            return []
        page = log_pages.ids(scope, found, at, query.limit)
        return [row["id"] for row in await self._database.fetch(page)]

    async def _rows(self, ids: Sequence[str]) -> tuple[ExchangeRow, ...]:
        if not ids:
            return ()
        found = await self._database.fetch(select(exchanges).where(exchanges.c.id.in_(ids)))
        by_id = {row["id"]: row for row in found}
        detailed = [id_ for id_ in ids if id_ in by_id and by_id[id_]["detail_logged"]]
        bodies = await self._bodies(detailed)
        return tuple(rows.exchange(by_id[id_], bodies.get(id_)) for id_ in ids if id_ in by_id)

    async def _bodies(self, ids: Sequence[str]) -> dict[str, Row]:
        """The bodies of exchanges, newest first, as far as they fit into one answer."""
        if not ids:
            return {}
        key = exchange_bodies.c.exchange_id
        request, response = exchange_bodies.c.request_body, exchange_bodies.c.response_body
        length = func.coalesce(func.length(request), 0) + func.coalesce(func.length(response), 0)
        sizes = await self._database.fetch(
            select(key, length.label("characters")).where(key.in_(ids))
        )
        fitting = _fitting(ids, {row["exchange_id"]: row["characters"] for row in sizes})
        if not fitting:
            return {}
        bodies = await self._database.fetch(select(exchange_bodies).where(key.in_(fitting)))
        return {row["exchange_id"]: row for row in bodies}


async def _ready() -> None:
    """Nothing is on its way."""


def _fitting(ids: Sequence[str], characters: dict[str, int]) -> list[str]:
    fitting: list[str] = []
    room = MOST_BODY_CHARACTERS
    for exchange_id in ids:
        room -= characters.get(exchange_id, 0)
        if room < 0:
            break
        if exchange_id in characters:
            fitting.append(exchange_id)
    return fitting
