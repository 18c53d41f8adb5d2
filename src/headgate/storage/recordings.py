"""Recordings of exchanges as files in one folder, which several workers may share.

A file has its name only once it is whole, so that a killed process leaves at most a draft, which
is never listed and soon removed. There is no table of them: the folder is the list.
"""

import asyncio
import collections
import logging
import os
import pathlib
import re
import secrets
import time
from collections.abc import Callable, Iterable

import msgspec

MOST_WAITING = 256
"""Recordings that wait to be written; what comes beyond is not kept."""
FOLDER = "recordings"
_SUFFIX = ".stream"
_DRAFT = ".draft"
_DRAFT_S = 3600.0
"""Older drafts are of processes that died."""
_LOOK_AGAIN_S = 5.0
"""For so long a worker goes by what it knows; then it looks what the others have written."""
_SWEEP_S = 3600.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")

_LOG = logging.getLogger(__name__)


class Waiting(msgspec.Struct, frozen=True):
    """A recording that was taken and is not written yet."""

    id: str
    write: Callable[[], Iterable[bytes]]
    done: Callable[[], None]


class Recordings:
    """See `headgate.ports.Recordings`. ``budget`` and ``retention_s`` are asked again and again,
    so that a change holds at once; retention 0: for ever."""

    def __init__(
        self,
        folder: pathlib.Path,
        budget: Callable[[], int],
        retention_s: Callable[[], float] = lambda: 0.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._budget = budget
        self._retention_s = retention_s
        self._wall = wall
        self._waiting: collections.deque[Waiting] = collections.deque()
        self._taken = asyncio.Event()
        self._writing = asyncio.Lock()
        self._known_bytes = 0
        self._looked_at = float("-inf")
        self._said_failure = False

    def keep(
        self, exchange_id: str, write: Callable[[], Iterable[bytes]], done: Callable[[], None]
    ) -> None:
        """See `headgate.ports.Recordings.keep`."""
        if len(self._waiting) >= MOST_WAITING or not _ID.fullmatch(exchange_id):
            _LOG.warning("the recording of %s is not kept: too many are being written", exchange_id)
            done()
            return
        self._waiting.append(Waiting(exchange_id, write, done))
        self._taken.set()

    async def find(self, exchange_id: str) -> bytes | None:
        """The file of that exchange; None where there is none. Raises OSError."""
        if not _ID.fullmatch(exchange_id):
            return None
        await self.flush()
        return await asyncio.to_thread(self._read, exchange_id)

    async def flush(self) -> None:
        """Writes all that was taken so far."""
        async with self._writing:
            self._taken.clear()
            while self._waiting:
                one = self._waiting.popleft()
                try:
                    await asyncio.to_thread(self._write, one)
                    self._said_failure = False
                except OSError as error:
                    self._note_failure(error)
                one.done()  # not where it was cancelled: the thread writes to its end

    async def write(self) -> None:
        """Writes what is taken, for ever."""
        while True:
            await self._taken.wait()
            await self.flush()

    async def tend(self) -> None:
        """Deletes every hour, for ever, what is too old and what dead processes left."""
        while True:
            try:
                await asyncio.to_thread(self._sweep)
            except OSError as error:
                self._note_failure(error)
            await asyncio.sleep(_SWEEP_S)

    def _read(self, exchange_id: str) -> bytes | None:
        try:
            return self._path(exchange_id).read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, one: Waiting) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f"{one.id}.{secrets.token_hex(4)}{_DRAFT}"
        try:
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb") as out:
                out.writelines(one.write())
                size = out.tell()
            if not self._make_room(size):
                _LOG.warning("the recording of %s is larger than the budget of all", one.id)
                return
            draft.rename(self._path(one.id))
            self._known_bytes += size
        finally:
            draft.unlink(missing_ok=True)

    def _make_room(self, size: int) -> bool:
        """Deletes the oldest until `size` more bytes fit; False where they never will."""
        budget = self._budget()
        if size > budget:
            return False
        fresh = time.monotonic() - self._looked_at < _LOOK_AGAIN_S
        if fresh and self._known_bytes + size <= budget:
            return True
        files = sorted(self._files())
        self._looked_at = time.monotonic()
        self._known_bytes = sum(found for _, found, _ in files)
        for _, found, path in files:
            if self._known_bytes + size <= budget:
                break
            path.unlink(missing_ok=True)
            self._known_bytes -= found
        return True

    def _sweep(self) -> None:
        if not self._folder.is_dir():
            return
        now, retention_s = self._wall(), self._retention_s()
        for at, _, path in self._files():
            if retention_s and at < now - retention_s:
                path.unlink(missing_ok=True)
        for path in self._folder.glob(f"*{_DRAFT}"):
            if _state(path)[0] < now - _DRAFT_S:
                path.unlink(missing_ok=True)
        self._looked_at = float("-inf")

    def _files(self) -> Iterable[tuple[float, int, pathlib.Path]]:
        """Time, size and path of every recording there is."""
        return [(*_state(path), path) for path in self._folder.glob(f"*{_SUFFIX}")]

    def _path(self, exchange_id: str) -> pathlib.Path:
        return self._folder / f"{exchange_id}{_SUFFIX}"

    def _note_failure(self, error: OSError) -> None:
        """Says it once, not for every exchange."""
        if not self._said_failure:
            self._said_failure = True
            _LOG.error("recordings cannot be written and are lost: %s", error)


def _state(path: pathlib.Path) -> tuple[float, int]:
    """When it was written, and its size; one that was just deleted is new and has none."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return float("inf"), 0
    return state.st_mtime, state.st_size
