"""Conversations in the database: a head, and items in the order in which they were said."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from headgate.model.store_faults import TooMuch
from headgate.model.stored import Conversation, Kept
from headgate.storage.engine import Database
from headgate.storage.sql import Row, Step
from headgate.storage.stored_tables import conversation_items, conversations
from headgate.wire import json_text

MOST_BYTES = 64 * 1024 * 1024
"""Roughly, of one conversation."""

_C, _I = conversations, conversation_items
_HEAD = (_C.c.owner == bindparam("of_owner"), _C.c.id == bindparam("of_id"))
# Both databases lock what is updated until the transaction ends: writers take turns.
_USE = update(_C).where(*_HEAD).values(used_at=bindparam("now"))
_LAST = (
    select(func.coalesce(func.max(_I.c.position), literal_column("-1")))
    .where(_I.c.owner == _C.c.owner, _I.c.conversation == _C.c.id)
    .scalar_subquery()
)
_APPEND = insert(_I).from_select(
    ["owner", "conversation", "position", "id", "item"],
    select(
        _C.c.owner,
        _C.c.id,
        _LAST + literal_column("1"),
        bindparam("item_id", type_=_I.c.id.type),
        bindparam("item", type_=_I.c.item.type),
    ).where(*_HEAD),
)


class Conversations:
    """The conversations that are in the database. Every method raises StoreUnreachable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def steps(self, kept: Sequence[Kept]) -> list[Step]:
        """What appends the new items of these responses, those of one as a block; nothing where
        a conversation is gone."""
        of = [(one, one.conversation) for one in kept if one.conversation is not None and one.said]
        steps: list[Step] = []
        for one, id_ in of:
            steps += _appending(one.stored.owner, id_, one.stored.created_at, one.said)
        return steps

    async def add(self, conversation: Conversation, items: Sequence[tuple[str, str]]) -> None:
        """Makes one with its first items, each an id and JSON."""
        row = {
            "owner": conversation.owner,
            "id": conversation.id,
            "created_at": conversation.created_at,
            "used_at": conversation.used_at,
            "metadata": json_text.encode_text(conversation.metadata),
        }
        appended = _appending(conversation.owner, conversation.id, conversation.used_at, items)
        await self._database.write([Step(insert(_C), (row,)), *appended])

    async def get(self, owner: str, id_: str) -> Conversation | None:
        """The conversation; None where there is no such."""
        rows = await self._database.fetch(select(_C).where(_C.c.owner == owner, _C.c.id == id_))
        return _record(rows[0]) if rows else None

    async def change(self, owner: str, id_: str, metadata: Mapping[str, Any]) -> bool:
        """Gives it new metadata; False where there is no such."""
        head = update(_C).where(_C.c.owner == owner, _C.c.id == id_)
        changed = head.values(metadata=json_text.encode_text(metadata))
        return await self._database.write([Step(changed, must_touch=True)]) > 0

    async def remove(self, owner: str, id_: str) -> bool:
        """Forgets it with its items; the responses stay."""
        gone = delete(_C).where(_C.c.owner == owner, _C.c.id == id_)
        return await self._database.write([Step(gone)]) > 0

    async def append(
        self, owner: str, id_: str, at: float, items: Sequence[tuple[str, str]]
    ) -> None:
        """Adds items, each an id and JSON."""
        await self._database.write(_appending(owner, id_, at, items))

    async def items(self, owner: str, id_: str) -> tuple[tuple[str, str], ...]:
        """Its items in their order, each an id and JSON. Raises TooMuch where they are larger than
        `MOST_BYTES` together."""
        of = (_I.c.owner == owner, _I.c.conversation == id_)
        size = func.sum(func.length(_I.c.item)).label("size")
        if ((await self._database.fetch(select(size).where(*of)))[0]["size"] or 0) > MOST_BYTES:
            raise TooMuch
        wanted = select(_I.c.id, _I.c.item).where(*of)
        rows = await self._database.fetch(wanted.order_by(_I.c.position))
        return tuple((row["id"], row["item"]) for row in rows)

    async def remove_item(self, owner: str, id_: str, item_id: str) -> bool:
        """Takes one item out."""
        gone = delete(_I).where(_I.c.owner == owner, _I.c.conversation == id_, _I.c.id == item_id)
        return await self._database.write([Step(gone)]) > 0


def _appending(owner: str, id_: str, at: float, items: Sequence[tuple[str, str]]) -> list[Step]:
    head = {"of_owner": owner, "of_id": id_}
    rows = tuple({**head, "item_id": item_id, "item": item} for item_id, item in items)
    return [Step(_USE, ({**head, "now": at},)), Step(_APPEND, rows)] if rows else []


def _record(row: Row) -> Conversation:
    return Conversation(**{**row, "metadata": json_text.decode(row["metadata"])})
