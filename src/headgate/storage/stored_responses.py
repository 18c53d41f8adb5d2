"""Stored responses in the database: written a batch a transaction, read as chains."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, func, literal_column, select, update

from headgate.model.store_faults import TooMuch
from headgate.model.stored import CANCELLING, RUNNING, Kept, StoredResponse
from headgate.storage.engine import Database
from headgate.storage.sql import Row, Step, insert_absent, upsert
from headgate.storage.stored_tables import stored_events, stored_items, stored_responses

MOST_LINKS = 2_000
"""Responses of one chain."""
MOST_BYTES = 64 * 1024 * 1024
"""Roughly, of one chain, or of all that one request refers to."""
MOST_ITEMS = 10_000
"""Items that one request refers to."""
TOUCH_AFTER_S = 86_400.0
"""A chain's last use is noted once a day."""

_T = stored_responses
_SIZE = func.sum(func.length(_T.c.input) + func.length(_T.c.response)).label("size")
_TOUCH = (
    update(_T)
    .where(_T.c.root == bindparam("of_root"), _T.c.used_at < bindparam("before"))
    .values(used_at=bindparam("now"))
)

_ONE_PART = delete(stored_events).where(
    stored_events.c.key == bindparam("of_key"), stored_events.c.part > literal_column("0")
)


class StoredResponses:
    """The responses that are in the database. Every method raises StoreUnreachable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._overwrite = upsert(database.name, stored_responses)
        self._item = insert_absent(database.name, stored_items)
        self._part = upsert(database.name, stored_events)

    def steps(self, kept: Sequence[Kept]) -> list[Step]:
        """What writes these responses. Takes a while for large ones: not for the event loop."""
        rows = tuple(_values(one.stored) for one in kept)
        items = tuple(
            {"key": one.stored.key, "owner": one.stored.owner, "id": id_}
            for one in kept
            for id_ in one.item_ids
        )
        parts = tuple(
            {"key": one.stored.key, "part": 0, "data": zlib.compress(one.events, 1)}
            for one in kept
            if one.events
        )
        touched = tuple(
            {
                "of_root": one.stored.root,
                "before": one.stored.created_at - TOUCH_AFTER_S,
                "now": one.stored.created_at,
            }
            for one in kept
            if one.stored.previous is not None
        )
        whole = tuple({"of_key": part["key"]} for part in parts)
        steps = [Step(self._overwrite, rows), Step(self._item, items), Step(self._part, parts)]
        steps.append(Step(_ONE_PART, whole))
        return [step for step in (*steps, Step(_TOUCH, touched)) if step.rows]

    async def get(self, owner: str, id_: str) -> StoredResponse | None:
        """The newest response of that id."""
        wanted = select(_T).where(_T.c.owner == owner, _T.c.id == id_)
        rows = await self._database.fetch(wanted.order_by(_T.c.created_at.desc()).limit(1))
        return _record(rows[0]) if rows else None

    async def chain(self, key: str) -> tuple[StoredResponse, ...]:
        """The response of that key behind all that it goes on from, the oldest first; at most
        `MOST_LINKS`. Raises TooMuch where they are larger than `MOST_BYTES` together."""
        first = select(_T.c.key, _T.c.previous, literal_column("0").label("depth"))
        links = first.where(_T.c.key == key).cte("links", recursive=True)
        further = select(_T.c.key, _T.c.previous, links.c.depth + literal_column("1"))
        links = links.union_all(
            further.where(
                _T.c.key == links.c.previous,
                links.c.depth < literal_column(str(MOST_LINKS - 1)),
            )
        )
        sizes = await self._database.fetch(select(_SIZE).join(links, _T.c.key == links.c.key))
        if (sizes[0]["size"] or 0) > MOST_BYTES:
            raise TooMuch
        wanted = select(_T).join(links, _T.c.key == links.c.key).order_by(links.c.depth.desc())
        return tuple(map(_record, await self._database.fetch(wanted)))

    async def of_items(self, owner: str, ids: Sequence[str]) -> tuple[StoredResponse, ...]:
        """The responses that hold the items of these ids, the newest last. Raises TooMuch where
        there are more ids than `MOST_ITEMS`, or they are larger than `MOST_BYTES` together."""
        if len(ids) > MOST_ITEMS:
            raise TooMuch
        keys = select(stored_items.c.key).where(
            stored_items.c.owner == owner, stored_items.c.id.in_(ids)
        )
        sizes = await self._database.fetch(select(_SIZE).where(_T.c.key.in_(keys)))
        if (sizes[0]["size"] or 0) > MOST_BYTES:
            raise TooMuch
        wanted = select(_T).where(_T.c.key.in_(keys)).order_by(_T.c.created_at)
        return tuple(map(_record, await self._database.fetch(wanted)))

    async def remove(self, owner: str, id_: str) -> bool:
        """Forgets every response of that id with all that belongs to it."""
        gone = delete(_T).where(_T.c.owner == owner, _T.c.id == id_)
        return await self._database.write([Step(gone)]) > 0

    async def events(self, key: str) -> bytes:
        """The stream that told the response, as far as it is there."""
        wanted = select(stored_events.c.data).where(stored_events.c.key == key)
        rows = await self._database.fetch(wanted.order_by(stored_events.c.part))
        return b"".join(zlib.decompress(row["data"]) for row in rows)

    async def add_events(self, key: str, part: int, data: bytes) -> None:
        """Adds to the stream of a response that is being made."""
        row = {"key": key, "part": part, "data": zlib.compress(data, 1)}
        await self._database.write([Step(self._part, (row,))])

    async def move(self, key: str, fields: Mapping[str, Any]) -> bool:
        """Changes a response that is still being made; False where it is not any more. One that is
        to be stopped does not begin."""
        begins = fields.get("status") == "in_progress"
        movable = RUNNING - {CANCELLING} if begins else RUNNING
        moved = update(_T).where(_T.c.key == key, _T.c.status.in_(sorted(movable)))
        return await self._database.write([Step(moved.values(**fields), must_touch=True)]) > 0

    async def alive(self, worker: str, at: float) -> tuple[str, ...]:
        """Notes that the worker lives; the keys of what it was told to cancel meanwhile."""
        mine = _T.c.worker == worker
        running = update(_T).where(mine, _T.c.status.in_(sorted(RUNNING)))
        await self._database.write([Step(running.values(alive_at=at))])
        wanted = select(_T.c.key).where(mine, _T.c.status == CANCELLING)
        return tuple(row["key"] for row in await self._database.fetch(wanted))

    async def running(self) -> tuple[StoredResponse, ...]:
        """What is being made by anybody."""
        wanted = select(_T).where(_T.c.status.in_(sorted(RUNNING)))
        return tuple(map(_record, await self._database.fetch(wanted)))


def _values(stored: StoredResponse) -> Row:
    return msgspec.structs.asdict(stored)


def _record(row: Row) -> StoredResponse:
    return StoredResponse(**{**row, "background": bool(row["background"])})
