r"""The append-only journal of one worker: a record is safe from a kill once `append` returned.

A segment is a file ``<worker>.<number>.journal``; a line is ``<crc32> <kind> <json>\n``, and what
is appended at once is written by one ``pwrite()``. The worker holds a lock on ``<worker>.lock``
while it lives; the system lets go of it however the worker ends. A power failure loses what `sync`
had not reached.

Where the disk is full, the reserve becomes the next segment: its lines are followed by zeros.
"""

import errno
import fcntl
import os
import pathlib
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator

import msgspec

from headgate.model.books import AttemptRow, ExchangeRow, Intent
from headgate.storage.reserve import Reserve, reserve_path
from headgate.storage.sql import storable

Record = Intent | AttemptRow | ExchangeRow

SEGMENT_BYTES = 16 * 1024 * 1024

_KINDS: dict[type, bytes] = {Intent: b"i", AttemptRow: b"a", ExchangeRow: b"x"}
_DECODERS: dict[bytes, Callable[[bytes], Record]] = {
    b"i": msgspec.json.Decoder(Intent).decode,
    b"a": msgspec.json.Decoder(AttemptRow).decode,
    b"x": msgspec.json.Decoder(ExchangeRow).decode,
}
_STARTS = {record: (kind + b" ", zlib.crc32(kind + b" ")) for record, kind in _KINDS.items()}
"""What a line says before its JSON, and the checksum so far."""
_encode = msgspec.json.Encoder().encode
_ZERO = b"\x00"


class WorkerAlive(Exception):  # noqa: N818 - named for the fact
    """Another process holds this worker's lock."""


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in a worker's journal."""

    segment: int = 0
    offset: int = 0


class Most(msgspec.Struct, frozen=True):
    """How much is taken in hand at once. A single larger record still passes."""

    records: int = 500
    bytes: int = 4 * 1024 * 1024


class Batch(msgspec.Struct, frozen=True):
    """Records in order, where the next one begins, and the lines that could not be read."""

    records: tuple[Record, ...]
    next: Position
    damaged: tuple[bytes, ...] = ()


class WorkerLock:
    """Says that a worker lives. Raises WorkerAlive where another process says so."""

    def __init__(self, folder: pathlib.Path, worker: str) -> None:
        self._path = folder / f"{worker}.lock"
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who had the lock before may have taken the file away between open and lock.
            replaced = os.fstat(self._file).st_nlink == 0
        except OSError:
            replaced = True
        if replaced:
            os.close(self._file)
            raise WorkerAlive(worker)

    def release(self) -> None:
        """Lets go of the lock and takes its file away."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def abandon(self) -> None:
        """Lets go of the lock; its file stays, so that others look for what is left."""
        os.close(self._file)


class Journal:
    """What one worker writes. `end` is the place after its last record."""

    def __init__(
        self, folder: pathlib.Path, worker: str, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._folder = folder
        self._worker = worker
        self._segment_bytes = segment_bytes
        self._unsynced: list[int] = []
        self._files = threading.Lock()
        self._closed = False
        self._carried = 0
        self._reserve = Reserve(folder, worker, segment_bytes)
        self._file = _create(folder, worker, 1)
        self.end = Position(1, 0)
        self.in_reserve = False
        """Whether it is the reserve that is written to."""

    @property
    def is_short(self) -> bool:
        """Whether there is no reserve in hand: what begins now may find no room at its end."""
        return not self._reserve.is_there

    def make_reserve(self) -> None:
        """Makes the reserve where there is none. Raises OSError. Blocks: call it in a thread."""
        self._reserve.make()

    def append(self, *records: Record) -> None:
        """Writes all of them at once. Raises OSError where the disk will not take them; nothing is
        left then."""
        self._write(b"".join(map(line, records)))

    def is_full(self) -> bool:
        """Whether it is time to `rotate`. What was carried does not count: it would only be
        carried again."""
        return self.end.offset - self._carried >= self._segment_bytes

    def rotate(self, carried: Iterable[Intent]) -> None:
        """Begins a new segment with the intents that are still open, so that no older one is
        needed for them. Raises OSError; then the old segment goes on."""
        number = self.end.segment + 1
        self._begin(_create(self._folder, self._worker, number), carried, in_reserve=False)

    def use_reserve(self, carried: Iterable[Intent]) -> None:
        """The same in the room that was kept. Raises OSError where there is none, or where it
        is too small."""
        path = segment_path(self._folder, self._worker, self.end.segment + 1)
        self._begin(self._reserve.become(path), carried, in_reserve=True)

    def _begin(self, opened: int, carried: Iterable[Intent], *, in_reserve: bool) -> None:
        before = self._file, self.end, self.in_reserve
        number = self.end.segment + 1
        self._file, self.end, self.in_reserve = opened, Position(number, 0), in_reserve
        try:
            for intent in carried:
                self.append(intent)
        except OSError:
            self._file, self.end, self.in_reserve = before
            os.close(opened)
            segment_path(self._folder, self._worker, number).unlink()
            raise
        self._carried = self.end.offset
        with self._files:
            self._unsynced.append(before[0])

    def sync(self) -> None:
        """Makes what was written safe from a power failure. Blocks: call it in a thread."""
        with self._files:
            if self._closed:
                return
            files = [*self._unsynced, os.dup(self._file)]
            self._unsynced.clear()
        try:
            for file in files:
                os.fsync(file)
        finally:
            for file in files:
                os.close(file)

    def forget_before(self, place: Position) -> None:
        """Deletes the segments that end before `place`."""
        for number in segments(self._folder, self._worker):
            if number < min(place.segment, self.end.segment):
                segment_path(self._folder, self._worker, number).unlink(missing_ok=True)

    def close(self, *, delete: bool = False) -> None:
        """Closes the files; `delete` where nothing in them is needed any more."""
        if self.in_reserve:
            os.ftruncate(self._file, self.end.offset)
        with self._files:
            self._closed = True
            for file in (*self._unsynced, self._file):
                os.close(file)
        self._reserve.drop()
        if delete:
            delete_segments(self._folder, self._worker)

    def _write(self, data: bytes) -> None:
        offset = self.end.offset
        if self.in_reserve and offset + len(data) > self._reserve.size:
            raise OSError(errno.ENOSPC, "the journal's reserve is used up")
        try:
            if os.pwrite(self._file, data, offset) < len(data):
                raise OSError(errno.ENOSPC, "the disk took only a part")
        except OSError:
            if not self.in_reserve:
                os.ftruncate(self._file, offset)
            raise
        self.end = Position(self.end.segment, offset + len(data))


def line(record: Record) -> bytes:
    """`record` as a line of the journal."""
    try:
        body = _encode(record)
    except UnicodeEncodeError:
        fields = msgspec.structs.asdict(record)
        body = _encode({name: storable(value) for name, value in fields.items()})
    start, crc = _STARTS[type(record)]
    return b"%08x %b%b\n" % (zlib.crc32(body, crc), start, body)


def read_line(text: bytes) -> Record | None:
    """The record in a line with its line end; None where it is torn, damaged or not ours."""
    crc, _, payload = text.removesuffix(b"\n").partition(b" ")
    kind, _, body = payload.partition(b" ")
    if not text.endswith(b"\n") or crc != b"%08x" % zlib.crc32(payload) or kind not in _DECODERS:
        return None
    try:
        return _DECODERS[kind](body)
    except msgspec.DecodeError:
        return None


def read(
    folder: pathlib.Path, worker: str, start: Position, end: Position | None, most: Most
) -> Batch:
    """The records from `start` up to `end` (None: to the last), at most so many. Blocks."""
    records: list[Record] = []
    damaged: list[bytes] = []
    place, size = start, 0
    for text, after in _lines(folder, worker, start, end):
        record = read_line(text)
        if record is not None:
            records.append(record)
        else:
            damaged.append(text)
        place = after
        size += len(text)
        if len(records) + len(damaged) >= most.records or size >= most.bytes:
            break
    return Batch(tuple(records), place, tuple(damaged))


def workers(folder: pathlib.Path) -> list[str]:
    """Every worker that has left something in `folder`, dead or alive."""
    names = (path for end in ("lock", "journal", "reserve") for path in folder.glob(f"*.{end}"))
    return sorted({path.name.partition(".")[0] for path in names})


def segments(folder: pathlib.Path, worker: str) -> list[int]:
    """The numbers of the worker's segments, oldest first."""
    found = (path.name.split(".") for path in folder.glob(f"{worker}.*.journal"))
    return sorted(int(parts[1]) for parts in found if len(parts) == 3 and parts[1].isdigit())


def delete_segments(folder: pathlib.Path, worker: str) -> None:
    """Deletes all that the worker wrote, oldest first, and its reserve."""
    for number in segments(folder, worker):
        segment_path(folder, worker, number).unlink(missing_ok=True)
    reserve_path(folder, worker).unlink(missing_ok=True)


def segment_path(folder: pathlib.Path, worker: str, number: int) -> pathlib.Path:
    """The file of a segment."""
    return folder / f"{worker}.{number:08d}.journal"


def _create(folder: pathlib.Path, worker: str, number: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.open(segment_path(folder, worker, number), flags, 0o600)


def _lines(
    folder: pathlib.Path, worker: str, start: Position, end: Position | None
) -> Iterator[tuple[bytes, Position]]:
    """Lines with the place after each, over all segments from `start` on."""
    for number in segments(folder, worker):
        if number < start.segment:
            continue
        offset = start.offset if number == start.segment else 0
        with segment_path(folder, worker, number).open("rb") as file:
            file.seek(offset)
            while end is None or Position(number, offset) < end:
                text = file.readline()
                if not text or text.startswith(_ZERO):
                    break
                offset += len(text)
                if end is not None and Position(number, offset) > end:
                    return
                yield text.rstrip(_ZERO), Position(number, offset)
