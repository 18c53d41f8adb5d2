"""Deletes what is older than the operator wants to keep, a batch a transaction."""

from sqlalchemy import delete, select, tuple_

from headgate.storage.engine import Database
from headgate.storage.sql import Step
from headgate.storage.tables import attempts, exchanges

BATCH = 1_000


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
