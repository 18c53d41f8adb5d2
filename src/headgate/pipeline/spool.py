"""Bytes that wait on disk, in a file without a name that vanishes with its process."""

import asyncio
import contextlib
import io
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator

from headgate.model.fault import Fault, Refused

PIECE = 256 * 1024
"""Bytes that are written and read at a time."""


class Spool:
    """An upload in the folder for temporary files (``TMPDIR``), written once and read any number
    of times; the loop never waits for the disk."""

    def __init__(self) -> None:
        self.size = 0
        try:
            self._file = _open_file()
        except OSError as error:
            raise _no_room() from error
        self._unwritten = bytearray()
        self._busy = threading.Lock()
        self._closed = False

    async def write(self, data: bytes) -> None:
        """Appends. Raises Refused where the disk takes no more."""
        self._unwritten += data
        self.size += len(data)
        if len(self._unwritten) >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Writes what waits to be written. Raises Refused."""
        data, self._unwritten = self._unwritten, bytearray()
        if not data:
            return
        try:
            await asyncio.to_thread(self._write_all, data)
        except OSError as error:
            raise _no_room() from error

    async def read(self, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, which must have been flushed."""
        while start < end:
            size = min(PIECE, end - start)
            piece = await asyncio.to_thread(self._read, size, start)
            assert piece, "only called for bytes that are there"
            start += len(piece)
            yield piece

    def close(self) -> None:
        """Frees the disk, at the latest when what is under way there has ended."""
        self._closed = True
        self._free()

    def _write_all(self, data: bytearray) -> None:
        with self._open() as number:
            view = memoryview(data)
            while view and not self._closed:
                view = view[os.write(number, view) :]

    def _read(self, size: int, start: int) -> bytes:
        with self._open() as number:
            return os.pread(number, size, start)

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        """The file's number for a thread, which nobody can stop: a file that was closed beneath it
        would leave its number to another, and the bytes would go there, or come from there."""
        try:
            with self._busy:
                yield self._file.fileno()
        finally:
            if self._closed:
                self._free()

    def _free(self) -> None:
        if self._busy.acquire(blocking=False):
            try:
                self._file.close()
            finally:
                self._busy.release()


def _open_file() -> io.FileIO:
    number, path = tempfile.mkstemp(prefix="headgate-upload-")
    os.unlink(path)
    return io.FileIO(number, "r+")


def _no_room() -> Refused:
    message = "The gateway has no room to keep this form. Send its field 'model' before the file."
    return Refused(Fault(kind="overloaded", message=message))
