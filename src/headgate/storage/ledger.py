"""The books of one worker: records go into its journal at once and into the database later.

The journal itself is the queue: what is to be written is read back from it, so that a database
that is down for a day costs disk and no memory, and a restart finds the rest.
"""

import asyncio
import collections
import errno
import itertools
import logging
import os
import pathlib
import secrets
import time
from collections.abc import Coroutine

import msgspec

from headgate.model.books import AttemptRow, ExchangeRow, Intent
from headgate.model.fault import Fault, Refused
from headgate.model.store_faults import RowRefused, StoreUnreachable
from headgate.storage import journal, recovery
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.journal import Journal, Most, Position, Record, WorkerAlive, WorkerLock
from headgate.storage.recent import Entry, Recent
from headgate.storage.set_aside import set_aside

MOST_HELD = 10_000
"""Records kept in memory where the disk is full and the reserve is not for them, or used up."""
MOST_WAITING = 64
"""Segments that wait for the database before bodies are left out of what is written: 1 GiB."""

_log = logging.getLogger(__name__)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how much. ``batch`` is large: what a transaction costs besides its rows, above
    all the waiting of its thread for the interpreter, is shared by more of them."""

    flush_s: float = 1.0
    sync_s: float = 1.0
    sweep_s: float = 60.0
    first_retry_s: float = 0.2
    last_retry_s: float = 10.0
    batch: Most = Most(records=5000)
    segment_bytes: int = journal.SEGMENT_BYTES


class Backlog(msgspec.Struct, frozen=True):
    """What is in the journal and not yet in the database; ``age_s``: for how long the oldest."""

    bytes: int
    age_s: float


class Ledger:
    """See `headgate.ports.Books`. One a process; journals of all workers lie in one folder."""

    def __init__(self, database: Database, folder: pathlib.Path, pace: Pace | None = None) -> None:
        self._folder = folder
        self._pace = pace or Pace()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._worker, self._lock = _claim(folder)
        self._journal = Journal(folder, self._worker, self._pace.segment_bytes)
        self._said_full = False
        self._lost = 0
        self._make_reserve()
        self._writer = BookWriter(database, self._refused)
        self._open = recovery.OpenIntents()
        self._recent = Recent()
        self._held: collections.deque[Record] = collections.deque()
        self._done = Position()
        self._waiting = 0
        self._behind_since: float | None = None
        self._taken = asyncio.Event()
        self._full = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def intend(self, intent: Intent) -> None:
        """See `Books.intend`. Raises Refused (overloaded) where the disk will not take it, or will
        not take what is to be said at its end."""
        try:
            if self._journal.is_short or self._journal.in_reserve:
                raise OSError(errno.ENOSPC, "the journal has no room in reserve")
            self._journal.append(intent)
        except OSError as error:
            self._note_full(error)
            message = "The gateway cannot keep its books at the moment."
            raise Refused(Fault(kind="overloaded", message=message, retry_after_s=5)) from error
        self._open.note(intent)
        self._rotate_if_full()
        if self._said_full:
            self._said_full = False
            _log.warning("the journal can be written again")

    def settle(self, row: AttemptRow) -> None:
        """See `Books.settle`."""
        self._take((row,))

    def close(self, row: ExchangeRow, last: AttemptRow | None = None) -> None:
        """See `Books.close`."""
        self._take((row,) if last is None else (last, row))
        self._open.note(row)

    def backlog(self) -> Backlog:
        """How far the database is behind."""
        end, done, since = self._journal.end, self._done, self._behind_since
        segments = end.segment - max(done.segment, 1)
        size = segments * self._pace.segment_bytes + end.offset - done.offset
        return Backlog(max(0, size), 0.0 if since is None else time.monotonic() - since)

    def start(self) -> None:
        """Begins to write to the database, to sync, and to look for dead workers."""
        for work in (self._flush_forever(), self._sync_forever(), self._sweep_forever()):
            self._tasks.append(_watched(work))

    async def recover(self) -> int:
        """See `headgate.storage.recovery.recover`."""
        return await recovery.recover(self._writer, self._folder, self._pace.batch)

    async def flush(self) -> None:
        """Writes all that was taken so far into the database. Raises StoreUnreachable."""
        async with self._flushing:
            self._taken.clear()
            self._full.clear()
            self._waiting = 0
            begun = time.monotonic()
            end = self._journal.end
            while self._done < end:
                await self._ship(end)
            while self._held:
                await self._ship_held()
            self._journal.forget_before(self._done)
            # What came meanwhile came after this flush had begun.
            self._behind_since = begun if self._waiting else None

    async def catch_up(self, within_s: float = 1.0) -> None:
        """Flushes if that is quickly done, so that a reader sees what has just happened."""
        try:
            async with asyncio.timeout(within_s):
                await self.flush()
        except (TimeoutError, StoreUnreachable, OSError) as error:
            _log.info("a reader sees the books as they were: %s", error)

    async def aclose(self) -> None:
        """Writes what can be written, and leaves the rest for the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.flush()
        except (StoreUnreachable, OSError) as error:
            _log.warning("the books are left in %s for the next start: %s", self._folder, error)
        whole = self._done >= self._journal.end and not self._open
        self._journal.close(delete=whole)
        if whole:
            self._lock.release()
        else:
            self._lock.abandon()

    def _take(self, entry: Entry) -> None:
        if self._journal.end.segment - self._done.segment > MOST_WAITING:
            entry = _without_bodies(entry)
        try:
            self._append(entry)
        except OSError as error:
            self._hold(entry, error)
        self._rotate_if_full()
        self._waiting += 1
        self._taken.set()
        if self._waiting >= self._pace.batch.records:
            self._full.set()

    def _append(self, entry: Entry) -> None:
        """Writes into the journal; what says what was used has the reserve. Raises OSError."""
        if not self._journal.in_reserve:
            try:
                self._journal.append(*entry)
                self._recent.take(entry, self._journal.end)
                return
            except OSError as error:
                self._note_full(error)
                if not _tells_usage(entry):
                    raise
            self._journal.use_reserve(self._open)
        if not _tells_usage(entry):
            raise OSError(errno.ENOSPC, "the reserve is for what was used")
        entry = _without_bodies(entry)
        self._journal.append(*entry)
        self._recent.take(entry, self._journal.end)

    def _hold(self, entry: Entry, error: OSError) -> None:
        """Keeps records, without their bodies, until the database has them."""
        for record in _without_bodies(entry):
            if len(self._held) < MOST_HELD:
                self._held.append(record)
                continue
            self._lost += 1
            if self._lost % MOST_HELD == 1:
                _log.error("records are lost, %d so far: no disk has room: %s", self._lost, error)

    def _make_reserve(self) -> None:
        try:
            self._journal.make_reserve()
        except OSError as error:
            self._note_full(error)

    def _note_full(self, error: OSError) -> None:
        """Says it once, not for every request."""
        if not self._said_full:
            self._said_full = True
            _log.error("the journal cannot be written; new requests are refused: %s", error)

    def _rotate_if_full(self) -> None:
        if self._journal.in_reserve or not self._journal.is_full():
            return
        try:
            self._journal.rotate(self._open)
        except OSError as error:
            _log.error("no new segment of the journal can be begun: %s", error)

    async def _regain(self) -> None:
        """Makes room again for what comes, as soon as the disk has some."""
        try:
            await asyncio.to_thread(self._journal.make_reserve)
            if self._journal.in_reserve:
                self._journal.rotate(self._open)
        except OSError as error:
            self._note_full(error)

    async def _ship(self, end: Position) -> None:
        batch = self._recent.after(self._done, end, self._pace.batch.records)
        if batch is None:
            batch = await asyncio.to_thread(
                journal.read, self._folder, self._worker, self._done, end, self._pace.batch
            )
        set_aside(self._folder, batch.damaged, "a line of the journal cannot be read")
        await self._writer.store(batch.records)
        self._done = end if batch.next == self._done else batch.next
        self._recent.forget(self._done)
        if self._done >= self._journal.end:
            self._recent.begin_again(self._done)

    async def _ship_held(self) -> None:
        batch = list(itertools.islice(self._held, self._pace.batch.records))
        await self._writer.store(batch)
        for _ in batch:
            self._held.popleft()

    async def _flush_forever(self) -> None:
        delay_s = self._pace.first_retry_s
        while True:
            await self._taken.wait()
            try:
                async with asyncio.timeout(self._pace.flush_s):
                    await self._full.wait()
            except TimeoutError:
                pass
            try:
                await self.flush()
                delay_s = self._pace.first_retry_s
            except (StoreUnreachable, OSError) as error:
                _log.warning("the books wait in the journal: %s", error)
                self._taken.set()
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, self._pace.last_retry_s)

    async def _sync_forever(self) -> None:
        synced = Position()
        while True:
            await asyncio.sleep(self._pace.sync_s)
            if self._journal.is_short or self._journal.in_reserve:
                await self._regain()
            if synced == self._journal.end:
                continue
            synced = self._journal.end
            try:
                await asyncio.to_thread(self._journal.sync)
            except OSError as error:
                _log.error("the journal cannot be synced: %s", error)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(self._pace.sweep_s)
            try:
                await self.recover()
            except (StoreUnreachable, OSError) as error:
                _log.warning("what a dead worker left cannot be written yet: %s", error)

    def _refused(self, record: Record, refusal: RowRefused) -> None:
        set_aside(self._folder, [journal.line(record)], f"the database refuses a row: {refusal}")


def _tells_usage(entry: Entry) -> bool:
    """Whether a backend was asked: what was refused before used nothing."""
    return any(isinstance(row, AttemptRow) or row.attempts > 0 for row in entry)


def _without_bodies(entry: Entry) -> Entry:
    return tuple(map(_without_body, entry))


def _without_body(row: AttemptRow | ExchangeRow) -> AttemptRow | ExchangeRow:
    if isinstance(row, AttemptRow):
        return row
    return msgspec.structs.replace(row, request_body=None, response_body=None)


def _claim(folder: pathlib.Path) -> tuple[str, WorkerLock]:
    """A name that no other worker has, and its lock."""
    while True:
        worker = f"{os.getpid()}-{secrets.token_hex(4)}"
        try:
            return worker, WorkerLock(folder, worker)
        except WorkerAlive:
            continue  # somebody who looks for dead workers was quicker


def _watched(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    task = asyncio.ensure_future(work)
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.critical("the books are not written any more", exc_info=task.exception())
