"""Room on the disk that is kept for the day on which there is none: a file of zeros, made before.

What is written over zeros that are there needs no new block of the disk.
"""

import errno
import os
import pathlib

_ZEROS = bytes(256 * 1024)
_NOT_OFFERED = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})


class Reserve:
    """The file ``<worker>.reserve`` of so many bytes."""

    def __init__(self, folder: pathlib.Path, worker: str, size: int) -> None:
        self.size = size
        self.is_there = False
        self._path = reserve_path(folder, worker)

    def make(self) -> None:
        """Makes the file where it is not there. Raises OSError, and leaves nothing then. Blocks."""
        if self.is_there:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        file = os.open(self._path, flags, 0o600)
        try:
            _fill(file, self.size)
        except OSError:
            self._path.unlink()
            raise
        finally:
            os.close(file)
        self.is_there = True

    def become(self, path: pathlib.Path) -> int:
        """Moves it to `path` and opens it for writing from its beginning. Raises OSError."""
        if not self.is_there:
            raise OSError(errno.ENOSPC, "the journal has no reserve")
        file = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            self._path.rename(path)
        except OSError:
            os.close(file)
            raise
        self.is_there = False
        return file

    def drop(self) -> None:
        """Deletes it."""
        self._path.unlink(missing_ok=True)
        self.is_there = False


def reserve_path(folder: pathlib.Path, worker: str) -> pathlib.Path:
    """The file of a worker's reserve."""
    return folder / f"{worker}.reserve"


def _fill(file: int, size: int) -> None:
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
        for offset in range(0, size, len(_ZEROS)):
            piece = _ZEROS[: size - offset]
            if os.pwrite(file, piece, offset) < len(piece):
                raise OSError(errno.ENOSPC, "the disk took only a part") from error
