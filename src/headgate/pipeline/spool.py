"""Bytes that wait on disk, in a file without a name that vanishes with its process."""

import asyncio
import io
import os
import tempfile
from collections.abc import AsyncIterator

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
            await asyncio.to_thread(_write_all, self._file.fileno(), data)
        except OSError as error:
            raise _no_room() from error

    async def read(self, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, which must have been flushed."""
        while start < end:
            size = min(PIECE, end - start)
            piece = await asyncio.to_thread(os.pread, self._file.fileno(), size, start)
            assert piece, "only called for bytes that are there"
            start += len(piece)
            yield piece

    def close(self) -> None:
        """Frees the disk."""
        self._file.close()


def _open_file() -> io.FileIO:
    number, path = tempfile.mkstemp(prefix="headgate-upload-")
    os.unlink(path)
    return io.FileIO(number, "r+")


def _write_all(number: int, data: bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


def _no_room() -> Refused:
    message = "The gateway has no room to keep this form. Send its field 'model' before the file."
    return Refused(Fault(kind="overloaded", message=message))
