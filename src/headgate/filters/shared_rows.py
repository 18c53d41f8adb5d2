"""Memory that the workers of one gateway share: for each account a row of numbers, and its lock.

The supervisor makes it before the workers are forked, so that each of them has it; it ends with
the last of them, and nothing of it is in a file. A row is written only while its lock is held. The
kernel takes a lock from whoever dies, and what a row says of a worker stands in numbers of its own,
so that the worker's successor can take them back.
"""

import contextlib
import fcntl
import hashlib
import logging
import mmap
import os
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from headgate.model.limits import Subject

CAPACITY = 65_536
"""Accounts that have a row. Room that is not used takes none: the system gives it page by page."""
TURNS_S: tuple[float, ...] = (*(0.0,) * 100, *(0.001,) * 250)
"""How long to wait before each further try for a lock: it is held for some microseconds."""
DISTRUST_S = 10.0
"""For how long locks are not waited for, after one was held all that time."""

_CELL = 8
_HEADER = 8
_KEY = 2
_RATES = 4
PERIOD, START, END, OPENED, BEFORE, SINCE, KNOWN = range(7)
"""The places of `Row.budget`: which period, from when until when, since when it is counted here,
what was spent before that and since then, and whether what was spent before is known."""
_BUDGET = 7

_LOG = logging.getLogger(__name__)


class Row(NamedTuple):
    """The numbers of one account: of its rates, of its budget, and of each worker how many
    exchanges it runs and how much it holds for them; `own` is this worker's place among those."""

    number: int
    own: int
    rates: "memoryview[float]"
    budget: "memoryview[float]"
    running: "memoryview[float]"
    held: "memoryview[float]"


class SharedRows:
    """The memory, for so many `workers` and accounts. Raises OSError where there is none."""

    def __init__(self, workers: int, capacity: int = CAPACITY) -> None:
        self.workers = workers
        self.capacity = capacity
        self._width = _KEY + _RATES + _BUDGET + 2 * workers
        memory = memoryview(mmap.mmap(-1, _CELL * (_HEADER + capacity * self._width)))
        self._numbers = memory.cast("d")
        self._bytes = memory
        self._locks = _lock_file()
        self._distrusted_until = 0.0
        weakref.finalize(self, os.close, self._locks)

    @property
    def used(self) -> int:
        """How many accounts have a row. Rows are never given back."""
        return int(self._numbers[0])

    def key(self, number: int) -> bytes:
        """Whose row it is."""
        at = self._start(number) * _CELL
        return bytes(self._bytes[at : at + _KEY * _CELL])

    def add(self, key: bytes) -> int:
        """The number of a new row, where there is room for one."""
        number = self.used
        at = self._start(number) * _CELL
        self._bytes[at : at + _KEY * _CELL] = key
        self._numbers[0] = number + 1
        return number

    def row(self, number: int, worker: int) -> Row:
        """The row as that worker knows it."""
        ends, at = [], self._start(number) + _KEY
        for width in (_RATES, _BUDGET, self.workers, self.workers):
            ends.append(self._numbers[at : at + width])
            at += width
        return Row(number, worker, *ends)

    def lock(self, number: int) -> None:
        """Waits until nobody else has the row, and not for ever: a worker that was stopped in the
        midst of it must not stop the others. `capacity` is no row: who holds it adds one."""
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            self._wait_for(number)

    def unlock(self, number: int) -> None:
        """Lets the others have it."""
        fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, number)

    def _start(self, number: int) -> int:
        return _HEADER + number * self._width

    def _wait_for(self, number: int) -> None:
        for pause_s in TURNS_S:
            if pause_s and time.monotonic() < self._distrusted_until:
                return
            time.sleep(pause_s)
            try:
                fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except OSError:
                continue
            return
        self._distrusted_until = time.monotonic() + DISTRUST_S
        _LOG.warning("another worker does not let go of limits; they are counted without it")


class Seat:
    """The rows as worker number `worker` finds them. What a worker of that number had before, who
    is dead, runs no more: that is taken back; what it held for that is spent."""

    def __init__(self, shared: SharedRows, worker: int) -> None:
        self._shared = shared
        self._worker = worker
        self._numbers: dict[bytes, int] = {}
        self._rows: dict[Subject, Row | None] = {}
        self._full = False
        for number in range(shared.used):
            self._take_back(shared.row(number, worker))

    def row(self, subject: Subject) -> Row | None:
        """The row of an account, which has one from now on; None where there is no more room."""
        try:
            return self._rows[subject]
        except KeyError:
            number = self._number(_key(subject))
            row = None if number is None else self._shared.row(number, self._worker)
            return self._rows.setdefault(subject, row)

    def rows(self, subjects: Iterable[Subject]) -> Sequence[Row]:
        """The rows of those who have one, in the order in which all workers lock them."""
        rows = [row for subject in subjects if (row := self.row(subject)) is not None]
        return rows if len(rows) < 2 else sorted(rows, key=_number_of)

    @contextlib.contextmanager
    def locked(self, rows: Sequence[Row]) -> Iterator[None]:
        """Nobody else has them inside the block; see `SharedRows.lock`."""
        try:
            for row in rows:
                self._shared.lock(row.number)
            yield
        finally:
            for row in rows:
                self._shared.unlock(row.number)

    def _take_back(self, row: Row) -> None:
        with self.locked((row,)):
            row.running[row.own] = 0.0
            lost, row.held[row.own] = row.held[row.own], 0.0
            row.budget[SINCE] += lost

    def _number(self, key: bytes) -> int | None:
        shared, lock = self._shared, self._shared.capacity
        shared.lock(lock)
        try:
            for number in range(len(self._numbers), shared.used):
                self._numbers[shared.key(number)] = number
            if key in self._numbers:
                return self._numbers[key]
            if shared.used == shared.capacity:
                self._tell_full()
                return None
            return self._numbers.setdefault(key, shared.add(key))
        finally:
            shared.unlock(lock)

    def _tell_full(self) -> None:
        if not self._full:
            self._full = True
            _LOG.warning(
                "%d users and keys have limits; those of more are kept by each worker for itself",
                self._shared.capacity,
            )


def _key(subject: Subject) -> bytes:
    owner, id_ = subject
    name = f"{owner}:{id_}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=_KEY * _CELL).digest()


def _number_of(row: Row) -> int:
    return row.number


def _lock_file() -> int:
    """A file that is nothing but its locks."""
    if sys.platform == "linux":
        return os.memfd_create("headgate-limits")
    fd, path = tempfile.mkstemp()
    os.unlink(path)
    return fd
