import asyncio
import errno
import os
import pathlib
import threading

import pytest

from headgate.model.fault import Refused
from headgate.pipeline.spool import PIECE, Spool


async def read(kept: Spool, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in kept.read(start, end)])


async def test_what_was_written_is_read_any_number_of_times() -> None:
    kept = Spool()
    data = os.urandom(PIECE * 2 + 100)
    for at in range(0, len(data), 50_000):
        await kept.write(data[at : at + 50_000])
    await kept.flush()
    assert kept.size == len(data)
    assert await read(kept, 0, kept.size) == data
    assert await read(kept, 10, PIECE + 20) == data[10 : PIECE + 20]
    assert await read(kept, 5, 5) == b""
    kept.close()


async def test_nothing_remains_on_the_disk(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    kept = Spool()
    await kept.write(b"x" * PIECE)
    assert os.listdir(tmp_path) == []
    kept.close()


async def test_who_leaves_during_a_write_leaves_no_bytes_in_another_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, over = threading.Event(), threading.Event(), threading.Event()
    write = os.write

    def slowly(number: int, data: bytes) -> int:
        if len(data) < PIECE:  # asyncio wakes its loop in this way
            return write(number, data)
        begun.set()
        go.wait(10.0)
        try:
            return write(number, data)
        finally:
            over.set()

    kept = Spool()
    monkeypatch.setattr(os, "write", slowly)
    writing = asyncio.ensure_future(kept.write(b"x" * PIECE))
    await asyncio.to_thread(begun.wait, 10.0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    kept.close()
    others = [(tmp_path / str(number)).open("wb") for number in range(3)]
    go.set()
    await asyncio.to_thread(over.wait, 10.0)
    assert all(not os.fstat(other.fileno()).st_size for other in others)
    for other in others:
        other.close()
    while not kept._file.closed:
        await asyncio.sleep(0)


async def test_who_leaves_during_a_read_gets_no_bytes_of_another_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    pread = os.pread

    def slowly(number: int, size: int, start: int) -> bytes:
        begun.set()
        go.wait(10.0)
        return pread(number, size, start)

    kept = Spool()
    await kept.write(b"x" * PIECE)
    monkeypatch.setattr(os, "pread", slowly)
    reading = asyncio.ensure_future(read(kept, 0, PIECE))
    await asyncio.to_thread(begun.wait, 10.0)
    kept.close()
    (tmp_path / "other").write_bytes(b"o" * PIECE)
    others = [(tmp_path / "other").open("rb") for _ in range(3)]
    go.set()
    assert await reading == b"x" * PIECE
    assert kept._file.closed
    for other in others:
        other.close()


async def test_a_full_disk_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    kept = Spool()
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Refused, match="no room") as refused:
        await kept.write(b"x" * PIECE)
    assert refused.value.fault.http_status == 503
    kept.close()


def test_no_folder_for_it_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    with pytest.raises(Refused, match="no room"):
        Spool()
