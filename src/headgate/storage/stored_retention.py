"""Deletes stored responses and conversations that nobody has used for long, a batch a time."""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import delete, select, tuple_

from headgate.model.store_faults import StoreUnreachable
from headgate.storage.engine import Database
from headgate.storage.sql import Step
from headgate.storage.stored_tables import conversations, stored_responses

BATCH = 200
EVERY_S = 3600.0

_LOG = logging.getLogger(__name__)


async def forget_unused(
    database: Database, retention_s: Callable[[], float], wall: Callable[[], float]
) -> None:
    """Deletes every hour, for ever, what was last used longer ago than `retention_s`; 0 keeps
    everything."""
    while True:
        if retention_s():
            try:
                await forget_before(database, wall() - retention_s())
            except StoreUnreachable as error:
                _LOG.warning("old stored responses stay for another hour: %s", error)
        await asyncio.sleep(EVERY_S)


async def forget_before(database: Database, before: float, batch: int = BATCH) -> int:
    """Deletes what was last used before the Unix time `before`; returns how many responses and
    conversations went. Raises StoreUnreachable."""
    responses, heads = stored_responses.c, conversations.c
    old = select(responses.key).where(responses.used_at < before).limit(batch)
    gone = await _repeat(database, Step(delete(stored_responses).where(responses.key.in_(old))))
    key = tuple_(heads.owner, heads.id)
    unused = select(heads.owner, heads.id).where(heads.used_at < before).limit(batch)
    return gone + await _repeat(database, Step(delete(conversations).where(key.in_(unused))))


async def _repeat(database: Database, step: Step) -> int:
    total = 0
    while touched := await database.write([step]):
        total += touched
    return total
