"""Recordings of exchanges as files: lines of JSON, each with its checksum, and a digest at the end.

::

    headgate.stream 1
    5f3ac2d0 {"record":"exchange",…}
    91b24e77 {"record":"attempt",…}
    …
    0d4c1a92 {"record":"end","records":7,"sha256":"…"}

The eight digits are the CRC-32 of the JSON behind them. A file that was cut off, or in which a byte
was changed, is told as such with the place; what stands before it can still be used.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator

import msgspec

from headgate.model.recorded import (
    AttemptLine,
    DeliveredLine,
    EndedLine,
    EndLine,
    ExchangeLine,
    HeadLine,
    PieceLine,
    Record,
    Recorded,
    RecordedAttempt,
)

NAME = b"headgate.stream "
FIRST_LINE = NAME + b"1\n"
_CHECKSUM_CHARACTERS = 8

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(
    ExchangeLine | AttemptLine | HeadLine | PieceLine | EndedLine | DeliveredLine | EndLine
).decode


class Damaged(Exception):  # noqa: N818 - named for the fact
    """A file that is not whole, or not as it was written: ``at`` is the byte where that shows.

    ``whole`` is what stands before it; None where nothing of use does.
    """

    def __init__(self, message: str, at: int, whole: Recorded | None = None) -> None:
        super().__init__(f"{message} at byte {at}")
        self.at = at
        self.whole = whole


def is_recording(data: bytes) -> bool:
    """Whether it begins as a recording does, of whatever version."""
    return data.startswith(NAME) or (len(data) > 0 and NAME.startswith(data))


def written(records: Iterable[Record]) -> Iterator[bytes]:
    """The file, a line at a time."""
    digest, count = hashlib.sha256(FIRST_LINE), 0
    yield FIRST_LINE
    for record in records:
        line = _line(record)
        digest.update(line)
        count += 1
        yield line
    yield _line(EndLine(records=count, sha256=digest.hexdigest()))


def read(data: bytes) -> Recorded:
    """The recording in the file `data`. Raises Damaged."""
    if not data.startswith(FIRST_LINE):
        version = data[len(NAME) :].partition(b"\n")[0][:20].decode("ascii", "replace")
        if data.startswith(NAME) and b"\n" in data and version != "1":
            raise Damaged(f"the recording is of a version that is not known ({version})", len(NAME))
        raise Damaged("the recording does not begin as one", 0)
    scan = _Scan(data)
    records = list(scan.records())
    if not records or not isinstance(records[0], ExchangeLine):
        raise Damaged(scan.problem or "the recording has no exchange", scan.at)
    recorded = _assembled(records[0], records[1:])
    if not scan.problem and (recorded is None or recorded.delivered is None):
        scan.problem = "the recording's records do not follow from each other"
    if scan.problem:
        raise Damaged(scan.problem, scan.at, recorded)
    assert recorded is not None, "else there is a problem"
    return recorded


def problems_of(recorded: Recorded) -> list[str]:
    """What the recording says of itself and is not so, a sentence each."""
    found: list[str] = []
    for attempt in recorded.attempts:
        ended, number = attempt.ended, attempt.asked.number
        if ended is None:
            found.append(f"attempt {number} has no end")
            continue
        body = b"".join(piece.data for piece in attempt.pieces)
        digest = hashlib.sha256(body).hexdigest()
        if (len(body), digest) != (ended.kept_bytes, ended.kept_sha256):
            found.append(f"the bytes of attempt {number} are not those of their digest")
        as_it_came = not ended.cut and not ended.masked_bytes
        if as_it_came and (ended.bytes, ended.sha256) != (ended.kept_bytes, ended.kept_sha256):
            found.append(f"the digests of attempt {number} do not agree with each other")
    return found


def _line(record: Record | EndLine) -> bytes:
    said = _encode(record)
    return b"%08x %b\n" % (zlib.crc32(said), said)


class _Scan:
    """Walks over the lines; stops at what is wrong, or behind the end line."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = len(FIRST_LINE)
        self.problem = ""

    def records(self) -> Iterator[Record]:
        """What stands there until the end, or until something is wrong."""
        count = 0
        while self.at < len(self._data):
            record, behind = self._next()
            if record is None:
                return
            if isinstance(record, EndLine):
                self._end(record, count, behind)
                return
            count += 1
            self.at = behind
            yield record
        self.problem = "the recording is cut off"

    def _next(self) -> tuple[Record | EndLine | None, int]:
        end = self._data.find(b"\n", self.at)
        if end < 0:
            self.problem = "the recording is cut off"
            return None, self.at
        line = self._data[self.at : end]
        checksum, said = line[:_CHECKSUM_CHARACTERS], line[_CHECKSUM_CHARACTERS + 1 :]
        if line[_CHECKSUM_CHARACTERS : _CHECKSUM_CHARACTERS + 1] != b" " or checksum != (
            b"%08x" % zlib.crc32(said)
        ):
            self.problem = "the recording is damaged"
            return None, self.at
        try:
            return _decode(said), end + 1
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.problem = "the recording has a record that is not known"
            return None, self.at

    def _end(self, record: EndLine, count: int, behind: int) -> None:
        digest = hashlib.sha256(memoryview(self._data)[: self.at]).hexdigest()
        if (record.records, record.sha256) != (count, digest):
            self.problem = "the recording does not have the digest that its last line says"
        elif behind != len(self._data):
            self.at = behind
            self.problem = "something stands behind the recording's end"


def _assembled(exchange: ExchangeLine, records: list[Record]) -> Recorded | None:
    """The recording of these records; None where their order makes no sense."""
    attempts: list[RecordedAttempt] = []
    pieces: list[PieceLine] = []
    delivered = None
    for record in records:
        last = attempts[-1] if attempts else None
        match record:
            case AttemptLine():
                attempts.append(RecordedAttempt(asked=record))
                pieces = []
            case HeadLine() if last is not None:
                attempts[-1] = msgspec.structs.replace(last, head=record)
            case PieceLine() if last is not None and last.head is not None:
                pieces.append(record)
            case EndedLine() if last is not None:
                attempts[-1] = msgspec.structs.replace(last, pieces=tuple(pieces), ended=record)
            case DeliveredLine():
                delivered = record
            case _:
                return None
    if attempts and attempts[-1].ended is None:
        attempts[-1] = msgspec.structs.replace(attempts[-1], pieces=tuple(pieces))
    return Recorded(exchange=exchange, attempts=tuple(attempts), delivered=delivered)
