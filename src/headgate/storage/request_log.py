"""Reads the request log: a page of exchanges, newest first, and one exchange with its attempts."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import ColumnElement, Select, func, or_, select

from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery, bounded
from headgate.storage import rows
from headgate.storage.engine import Database
from headgate.storage.sql import Row, like_pattern
from headgate.storage.tables import attempts, exchange_bodies, exchanges

MOST_BODY_CHARACTERS = 32 * 1024 * 1024
"""Bodies of one page together; the older exchanges of a larger page come without theirs."""

_SEARCHED = (
    exchanges.c.id,
    exchanges.c.user_id,
    exchanges.c.backend_id,
    exchanges.c.endpoint,
    exchanges.c.request_model,
    exchanges.c.routed_model,
    exchanges.c.response_model,
    exchanges.c.outcome,
    exchanges.c.error_message,
)


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
        wanted = conditions(query)
        total = await self._database.fetch(
            select(func.count().label("n")).select_from(exchanges).where(*wanted)
        )
        found = await self._database.fetch(_page(query, wanted))
        bodies = await self._bodies([row["id"] for row in found if row["detail_logged"]])
        return RequestPage(
            rows=tuple(rows.exchange(row, bodies.get(row["id"])) for row in found),
            total=total[0]["n"],
            limit=query.limit,
            offset=query.offset,
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


def _page(query: RequestQuery, wanted: Sequence[ColumnElement[bool]]) -> Select[tuple[object, ...]]:
    return (
        select(*exchanges.columns)
        .where(*wanted)
        .order_by(exchanges.c.created_at.desc(), exchanges.c.id.desc())
        .limit(query.limit)
        .offset(query.offset)
    )


def conditions(query: RequestQuery) -> list[ColumnElement[bool]]:
    """What an exchange must be to fit `query`, its page aside."""
    equal = (
        (exchanges.c.user_id, query.user_id),
        (exchanges.c.backend_id, query.backend_id),
        (exchanges.c.outcome, query.outcome),
        (exchanges.c.detail_logged, query.detail_logged),
    )
    found: list[ColumnElement[bool]] = [
        column == value for column, value in equal if value is not None
    ]
    if query.model is not None:
        asked, routed = exchanges.c.request_model, exchanges.c.routed_model
        found.append(or_(asked == query.model, routed == query.model))
    if query.since is not None:
        found.append(exchanges.c.created_at >= query.since)
    if query.until is not None:
        found.append(exchanges.c.created_at < query.until)
    if query.q:
        pattern = like_pattern(query.q)
        found.append(or_(*(func.lower(column).like(pattern, escape="\\") for column in _SEARCHED)))
    return found


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
