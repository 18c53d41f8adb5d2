"""Deletes what is older than the operator wants to keep, a batch a transaction."""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import delete, select, tuple_

from headgate.model.store_faults import StoreUnreachable
from headgate.storage.engine import Database
from headgate.storage.sql import Step
from headgate.storage.tables import attempts, exchanges

BATCH = 1_000
EVERY_S = 3600.0

_LOG = logging.getLogger(__name__)


async def keep_only(
    database: Database, retention_s: Callable[[], float], wall: Callable[[], float]
) -> None:
    """Deletes every hour, for ever, what is older than `retention_s`; 0 keeps everything."""
    while True:
        if retention_s():
            try:
                await delete_before(database, wall() - retention_s())
            except StoreUnreachable as error:
                _LOG.warning("old rows of the request log stay for another hour: %s", error)
        await asyncio.sleep(EVERY_S)


async def delete_before(database: Database, before: float, batch: int = BATCH) -> int:
    """Deletes exchanges (bodies go with them) and attempts from before the Unix time `before`.

    Returns how many exchanges went. Short transactions let the books be written in between.
    Raises StoreUnreachable; what went is gone then, the rest goes next time.
    """
    old = select(exchanges.c.id).where(exchanges.c.created_at < before).limit(batch)
    gone = await _repeat(database, Step(delete(exchanges).where(exchanges.c.id.in_(old))), batch)
    key = tuple_(attempts.c.exchange_id, attempts.c.attempt)
    made = select(attempts.c.exchange_id, attempts.c.attempt)
    old_attempts = made.where(attempts.c.at < before).limit(batch)
    await _repeat(database, Step(delete(attempts).where(key.in_(old_attempts))), batch)
    return gone


async def _repeat(database: Database, step: Step, batch: int) -> int:
    total = 0
    while True:
        touched = await database.write([step])
        total += touched
        if touched < batch:
            return total
