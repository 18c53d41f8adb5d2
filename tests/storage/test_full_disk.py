"""The ledger on a disk that is full: what was used is written, and nothing is begun."""

import asyncio
import errno
import os
import pathlib

import pytest

from headgate.model.fault import Refused
from headgate.storage.ledger import Ledger, Pace
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import closed, intent, settled
from tests.storage.test_ledger import QUICK, until, whole_exchange


class FullDisk:
    """A disk without a free block until `free` is set: only what is there can be written over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = False
        self._write, self._allocate = os.pwrite, os.posix_fallocate
        monkeypatch.setattr(os, "pwrite", self.write)
        monkeypatch.setattr(os, "posix_fallocate", self.allocate)

    def write(self, file: int, data: bytes, offset: int) -> int:
        if not self.free and offset + len(data) > os.fstat(file).st_size:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(file, data, offset)

    def allocate(self, file: int, offset: int, size: int) -> None:
        if not self.free:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._allocate(file, offset, size)


async def test_on_a_full_disk_what_was_used_goes_into_the_reserve_and_survives_a_kill(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = FakeDatabase()
    database.down = True
    ledger = Ledger(database, tmp_path)
    for number in range(20):
        ledger.intend(intent(f"x{number}"))
    FullDisk(monkeypatch)
    for number in range(10):
        ledger.settle(settled(f"x{number}"))
        ledger.close(closed(f"x{number}"))
    with pytest.raises(Refused) as caught:
        ledger.intend(intent("new"))
    assert caught.value.fault.http_status == 503
    assert not ledger._held
    _kill(ledger)
    monkeypatch.undo()
    database.down = False
    following = Ledger(database, tmp_path)
    assert await following.recover() == 10
    await following.aclose()
    outcomes = [row["outcome"] for row in database.exchanges.values()]
    assert (outcomes.count("complete"), outcomes.count("killed")) == (10, 10)
    assert len(database.attempts) == 20
    assert list(tmp_path.iterdir()) == []


async def test_bodies_and_refusals_have_no_place_in_the_reserve(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path)
    ledger.intend(intent("x1"))
    FullDisk(monkeypatch)
    ledger.settle(settled("x1"))
    ledger.close(closed("x1", response_body="y" * 100_000))
    for number in range(5):
        ledger.close(closed(f"refused{number}", attempts=0, outcome="refused"))
    assert len(ledger._held) == 5
    assert ledger._journal.end.offset < 5000
    await ledger.flush()
    assert len(database.exchanges) == 6
    await ledger.aclose()


async def test_where_the_disk_has_room_again_requests_are_taken_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path, QUICK)
    ledger.intend(intent("x1"))
    disk = FullDisk(monkeypatch)
    ledger.settle(settled("x1"))
    ledger.start()
    for _ in range(20):
        await asyncio.sleep(0)
    assert ledger._journal.is_short
    disk.free = True
    await until(lambda: not (ledger._journal.is_short or ledger._journal.in_reserve))
    whole_exchange(ledger, "x2")
    ledger.close(closed("x1"))
    await ledger.aclose()
    assert set(database.exchanges) == {"x1", "x2"}
    assert list(tmp_path.iterdir()) == []


async def test_a_start_on_a_full_disk_says_so_once_and_refuses(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FullDisk(monkeypatch)
    ledger = Ledger(FakeDatabase(), tmp_path)
    for _ in range(3):
        with pytest.raises(Refused):
            ledger.intend(intent())
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    disk.free = True
    await ledger._regain()
    ledger.intend(intent())
    assert caplog.records[-1].message == "the journal can be written again"
    ledger.close(closed())
    await ledger.aclose()


async def test_a_reserve_that_is_used_up_leaves_memory(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path, Pace(segment_bytes=2000))
    ledger.intend(intent("x1"))
    FullDisk(monkeypatch)
    for number in range(20):
        ledger.settle(settled(f"x{number}"))
    assert 0 < len(ledger._held) < 20
    await ledger.flush()
    assert len(database.attempts) == 20
    ledger.close(closed("x1"))
    await ledger.aclose()


def _kill(ledger: Ledger) -> None:
    """What the end of the process does: the system lets go of locks and files."""
    os.close(ledger._lock._file)
    os.close(ledger._journal._file)
