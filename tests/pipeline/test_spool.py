import errno
import os

import pytest

from headgate.model.fault import Refused
from headgate.pipeline import spool
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


async def test_a_full_disk_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int, data: bytearray) -> None:
        raise OSError(errno.ENOSPC, "no space")

    kept = Spool()
    monkeypatch.setattr(spool, "_write_all", full)
    with pytest.raises(Refused, match="no room") as refused:
        await kept.write(b"x" * PIECE)
    assert refused.value.fault.http_status == 503
    kept.close()


def test_no_folder_for_it_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    with pytest.raises(Refused, match="no room"):
        Spool()
