"""What dead workers left in their journals, brought into the database."""

import asyncio
import logging
import pathlib
from collections.abc import Iterator, Sequence

from headgate.model.books import AttemptRow, ExchangeRow, Intent
from headgate.storage import journal
from headgate.storage.book_writer import BookWriter
from headgate.storage.journal import Most, Position, Record
from headgate.storage.set_aside import set_aside

WHY = "the gateway was stopped before the exchange ended"

_log = logging.getLogger(__name__)


class OpenIntents:
    """The intents of exchanges that are not closed."""

    def __init__(self) -> None:
        self._open: dict[str, dict[int, Intent]] = {}

    def note(self, record: Record) -> None:
        """Takes a record of the journal into account, in the journal's order."""
        if isinstance(record, Intent):
            there = self._open.get(record.exchange_id)
            if there is None:
                self._open[record.exchange_id] = {record.attempt: record}
            else:
                there[record.attempt] = record
        elif isinstance(record, ExchangeRow):
            self._open.pop(record.id, None)

    def __len__(self) -> int:
        """How many exchanges are open."""
        return len(self._open)

    def __iter__(self) -> Iterator[Intent]:
        """Every intent of every open exchange."""
        for intents in self._open.values():
            yield from intents.values()

    def killed(self) -> Iterator[Record]:
        """The rows that say of each open exchange, and of its attempts, that it was killed."""
        for intents in self._open.values():
            ordered = [intents[attempt] for attempt in sorted(intents)]
            yield from map(_killed_attempt, ordered)
            yield _killed_exchange(ordered)


async def recover(writer: BookWriter, folder: pathlib.Path, most: Most) -> int:
    """Replays and deletes the journals of dead workers; returns how many exchanges were killed.

    Several processes may do so at once: each journal is replayed by one of them. Raises
    StoreUnreachable; what is not in the database yet stays in the journals.
    """
    killed = 0
    for worker in journal.workers(folder):
        try:
            lock = journal.WorkerLock(folder, worker)
        except journal.WorkerAlive:
            continue
        try:
            killed += await _replay(writer, folder, worker, most)
        except BaseException:
            lock.abandon()
            raise
        lock.release()
    return killed


async def _replay(writer: BookWriter, folder: pathlib.Path, worker: str, most: Most) -> int:
    still_open = OpenIntents()
    place = Position()
    while True:
        batch = await asyncio.to_thread(journal.read, folder, worker, place, None, most)
        if batch.next == place:
            break
        set_aside(folder, batch.damaged, "a line of a journal cannot be read")
        await writer.store(batch.records)
        for record in batch.records:
            still_open.note(record)
        place = batch.next
    killed = list(still_open.killed())
    for start in range(0, len(killed), most.records):
        # An exchange whose close is in the database, but no longer in a journal, keeps its row.
        await writer.store_absent(killed[start : start + most.records])
    await asyncio.to_thread(journal.delete_segments, folder, worker)
    if still_open:
        _log.warning("%d exchanges were cut by the end of a process", len(still_open))
    return len(still_open)


def _killed_exchange(intents: Sequence[Intent]) -> ExchangeRow:
    first, last = intents[0], intents[-1]
    return ExchangeRow(
        id=last.exchange_id,
        created_at=first.at,
        user_id=last.user_id,
        user_name=last.user_name,
        key_id=last.key_id,
        backend_id=last.backend_id,
        backend_name=last.backend_name,
        endpoint=last.endpoint,
        dialect=last.dialect,
        request_model=last.request_model,
        routed_model=last.routed_model,
        prompt_tokens=last.input_estimate,
        total_tokens=last.input_estimate,
        usage_source="estimated",
        outcome="killed",
        error_message=WHY,
        attempts=last.attempt,
        stream=last.stream,
    )


def _killed_attempt(intent: Intent) -> AttemptRow:
    return AttemptRow(
        exchange_id=intent.exchange_id,
        attempt=intent.attempt,
        at=intent.at,
        user_id=intent.user_id,
        backend_id=intent.backend_id or "",
        backend_name=intent.backend_name,
        routed_model=intent.routed_model,
        outcome="killed",
        error_message=WHY,
        prompt_tokens=intent.input_estimate,
        usage_source="estimated",
    )
