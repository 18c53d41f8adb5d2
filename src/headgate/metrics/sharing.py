"""What the workers of one process group tell each other of their metrics, through a folder.

Each worker writes its rows into a file of its own, again and again; whichever is asked adds up
what all of them wrote. A worker that takes the place of one that died goes on from its rows, so
that no counter ever goes back.
"""

import logging
import os
import pathlib
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from headgate.metrics.family import Family, Labels, Row
from headgate.metrics.sample import Gauge

FRESH_S = 10.0
"""Gauges of a worker that has written nothing for so long are its last words and not shown."""
FORGOTTEN_S = 3600.0
"""Files of another process group are removed when nobody has written them for so long."""

_LOG = logging.getLogger(__name__)


class Words(msgspec.Struct, frozen=True):
    """What one worker says: the rows of its families by name, and its gauges."""

    rows: dict[str, tuple[tuple[Labels, Row], ...]]
    gauges: tuple[Gauge, ...] = ()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Words).decode


class Sharing:
    """The place of worker number `worker` of the group `group` in `folder`."""

    def __init__(self, folder: pathlib.Path, group: str, worker: int) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._group = group
        self._own = folder / f"{group}-{worker}.json"
        self._writing = threading.Lock()

    def inherit(self, families: Iterable[Family]) -> None:
        """Takes over the rows of the worker that had this place before, and removes what other
        groups have left."""
        self._sweep()
        words = _read(self._own)
        if words is not None:
            add_up(families, [words])

    def publish(self, words: Words) -> None:
        """Replaces what this worker said. Raises OSError. The last word of a worker may come while
        a thread still writes the one before."""
        draft = self._own.with_suffix(f".{os.getpid()}")
        with self._writing:
            draft.write_bytes(_encode(words))
            draft.replace(self._own)

    def others(self) -> Iterator[tuple[str, Words]]:
        """What each other worker said last, by its number; without gauges where that is old."""
        for path in sorted(self._folder.glob(f"{self._group}-*.json")):
            words = None if path == self._own else _read(path)
            if words is not None:
                number = path.stem.rpartition("-")[2]
                stale = _age_s(path) > FRESH_S
                yield number, msgspec.structs.replace(words, gauges=()) if stale else words

    def _sweep(self) -> None:
        for path in self._folder.iterdir():
            if not path.name.startswith(f"{self._group}-") and _age_s(path) > FORGOTTEN_S:
                path.unlink(missing_ok=True)


def words_of(families: Iterable[Family], gauges: Iterable[Gauge]) -> Words:
    """What a worker says of its own: copies, which counting on does not change."""
    rows = {
        family.name: tuple((labels, row.copy()) for labels, row in family.rows.items())
        for family in families
    }
    return Words(rows, tuple(gauges))


def add_up(families: Iterable[Family], words: Sequence[Words]) -> None:
    """Adds the rows of `words` to `families`. Rows of another form are another version's."""
    for family in families:
        width = len(family.bounds) + 2 if family.bounds else 1
        for one in words:
            for labels, row in one.rows.get(family.name, ()):
                if len(row) == width and len(labels) == len(family.labels):
                    family.merge(labels, row)


def _read(path: pathlib.Path) -> Words | None:
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        _LOG.warning("the metrics in %s cannot be read: %s", path, error)
        return None


def _age_s(path: pathlib.Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
