"""Recordings as files: found by id, within their budget, and never half a one."""

import asyncio
import os
import pathlib
import stat
from collections.abc import Iterable, Iterator

import pytest

from headgate.storage import recordings as recordings_module
from headgate.storage.recordings import Recordings

NOW = 1_700_000_000.0


class Place:
    """A folder of recordings, and what became of those that were handed in."""

    def __init__(self, folder: pathlib.Path, budget: int = 1_000, retention_s: float = 0.0) -> None:
        self.folder = folder / "recordings"
        self.budget = budget
        self.done: list[str] = []
        self.recordings = Recordings(
            self.folder, lambda: self.budget, lambda: retention_s, lambda: NOW
        )

    def keep(self, id_: str, *lines: bytes) -> None:
        self.recordings.keep(id_, lambda: iter(lines), lambda: self.done.append(id_))

    async def kept(self, id_: str, data: bytes, at: float = NOW) -> None:
        """Keeps one that was written at that time."""
        self.keep(id_, data)
        await self.recordings.flush()
        path = self.folder / f"{id_}.stream"
        if path.exists():
            os.utime(path, (at, at))

    @property
    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


async def test_one_is_found_by_its_id_as_soon_as_it_was_kept(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path)
    place.keep("req_1", b"one\n", b"two\n")
    assert await place.recordings.find("req_1") == b"one\ntwo\n"
    assert await place.recordings.find("req_2") is None
    assert place.done == ["req_1"]


async def test_only_the_owner_may_read_them(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path)
    await place.kept("req_1", b"secret")
    assert stat.S_IMODE((place.folder / "req_1.stream").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("id_", ["../up", "a/b", "", ".", "x" * 81, "req_1\0", "req_1.stream"])
async def test_an_id_that_is_none_leads_nowhere(tmp_path: pathlib.Path, id_: str) -> None:
    place = Place(tmp_path)
    (tmp_path / "up.stream").write_bytes(b"not yours")
    place.keep(id_, b"data")
    assert await place.recordings.find(id_) is None
    assert place.done == [id_]
    assert not place.folder.exists()


async def test_the_oldest_go_first_when_the_budget_is_used_up(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path, budget=300)
    for number in range(3):
        await place.kept(f"r{number}", b"x" * 100, NOW - 100 + number)
    assert place.names == {"r0.stream", "r1.stream", "r2.stream"}
    await place.kept("r3", b"x" * 150)
    assert place.names == {"r2.stream", "r3.stream"}
    await place.kept("large", b"x" * 301)
    assert place.names == {"r2.stream", "r3.stream"}


async def test_what_other_workers_write_counts_too(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings_module, "_LOOK_AGAIN_S", 0.0)
    one, two = Place(tmp_path, budget=300), Place(tmp_path, budget=300)
    await one.kept("a", b"x" * 100, NOW - 3)
    await two.kept("b", b"x" * 100, NOW - 2)
    await one.kept("c", b"x" * 100, NOW - 1)
    await two.kept("d", b"x" * 100)
    assert one.names == {"b.stream", "c.stream", "d.stream"}


async def test_a_smaller_budget_holds_at_once(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path)
    await place.kept("old", b"x" * 100, NOW - 1)
    place.budget = 100
    await place.kept("new", b"x" * 100)
    assert place.names == {"new.stream"}


async def test_a_writer_that_dies_in_the_middle_leaves_no_recording(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path)

    def lines() -> Iterator[bytes]:
        yield b"the first line\n"
        raise OSError("the disk is full")

    place.recordings.keep("req_1", lambda: lines(), lambda: place.done.append("req_1"))
    await place.recordings.flush()
    assert place.names == set()
    assert place.done == ["req_1"]
    await place.kept("req_2", b"x")
    assert place.names == {"req_2.stream"}


async def test_drafts_of_the_dead_and_what_is_too_old_go(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path, retention_s=3600)
    await place.kept("old", b"x", NOW - 3601)
    await place.kept("young", b"x", NOW - 3599)
    for name, at in (("dead.0.draft", NOW - 3601), ("alive.1.draft", NOW - 1)):
        (place.folder / name).write_bytes(b"half")
        os.utime(place.folder / name, (at, at))
    tending = asyncio.ensure_future(place.recordings.tend())
    while place.names != {"young.stream", "alive.1.draft"}:
        await asyncio.sleep(0.001)
    tending.cancel()
    assert await place.recordings.find("alive") is None


async def test_they_are_written_by_themselves(tmp_path: pathlib.Path) -> None:
    place = Place(tmp_path)
    writing = asyncio.ensure_future(place.recordings.write())
    place.keep("req_1", b"x")
    while not place.done:
        await asyncio.sleep(0.001)
    writing.cancel()
    assert place.names == {"req_1.stream"}


async def test_more_than_can_be_written_is_not_kept(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings_module, "MOST_WAITING", 1)
    place = Place(tmp_path)
    place.keep("one", b"x")
    place.keep("two", b"x")
    assert place.done == ["two"]
    assert await place.recordings.find("one") == b"x"


async def test_a_folder_that_cannot_be_written_is_said_once(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(tmp_path)
    place.folder.write_bytes(b"a file in its place")

    def lines() -> Iterable[bytes]:
        return [b"x"]

    for id_ in ("one", "two"):
        place.recordings.keep(id_, lines, lambda: None)
    await place.recordings.flush()
    assert caplog.text.count("cannot be written") == 1
