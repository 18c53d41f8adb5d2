import errno
import os
import pathlib

import pytest

from headgate.storage.reserve import Reserve, reserve_path

SIZE = 600_000


def _no_room(file: int, offset: int, size: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _not_offered(file: int, offset: int, size: int) -> None:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def test_it_takes_its_room_at_once_and_gives_it_back(tmp_path: pathlib.Path) -> None:
    reserve = Reserve(tmp_path, "w", SIZE)
    reserve.make()
    kept = reserve_path(tmp_path, "w").stat()
    assert (kept.st_size, kept.st_mode & 0o777) == (SIZE, 0o600)
    assert kept.st_blocks * 512 >= SIZE
    reserve.make()
    reserve.drop()
    assert list(tmp_path.iterdir()) == []
    reserve.drop()


def test_where_files_cannot_be_allocated_zeros_are_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", _not_offered)
    Reserve(tmp_path, "w", SIZE).make()
    assert reserve_path(tmp_path, "w").read_bytes() == bytes(SIZE)


def test_where_there_is_no_room_nothing_is_left(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", _no_room)
    reserve = Reserve(tmp_path, "w", SIZE)
    with pytest.raises(OSError, match="No space"):
        reserve.make()
    assert not reserve.is_there
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="no reserve"):
        reserve.become(tmp_path / "segment")


def test_it_becomes_another_file_that_keeps_its_room(tmp_path: pathlib.Path) -> None:
    reserve = Reserve(tmp_path, "w", SIZE)
    reserve.make()
    file = reserve.become(tmp_path / "segment")
    os.pwrite(file, b"text", 0)
    os.close(file)
    assert (tmp_path / "segment").read_bytes() == b"text" + bytes(SIZE - 4)
    assert not reserve.is_there
    reserve.make()
    assert reserve.is_there
