import asyncio
import logging
from collections.abc import Mapping
from typing import Any, cast

import msgspec
import pytest

from headgate.config import Config, ConfigErrors, parse
from headgate.model.directory import Directory
from headgate.model.store_faults import StoreUnreachable
from headgate.pipeline import knowledge as knowledge_file
from headgate.pipeline.key_uses import KeyUses
from headgate.pipeline.knowledge import Knowledge
from headgate.pipeline.merge import Merged, merge
from headgate.pipeline.snapshot import Snapshot, from_config
from headgate.ports import DirectoryPort
from tests.storage.directory.samples import AT, backend, key, user

FILE = "users: [{name: alice, api_key: 0123456789abcdef}]\n"


class FakeStore:
    """A directory in memory, which can be switched off."""

    def __init__(self) -> None:
        self.directory = Directory(version=1)
        self.down = False
        self.loads = 0
        self.used: list[Mapping[str, float]] = []

    def put(self, **rows: Any) -> None:
        version = self.directory.version + 1
        self.directory = msgspec.structs.replace(self.directory, version=version, **rows)

    async def version(self) -> int:
        self._refuse()
        return self.directory.version

    async def load(self) -> Directory:
        self._refuse()
        self.loads += 1
        return self.directory

    async def ask_reload(self) -> None:
        self._refuse()
        self.put(reloads=self.directory.reloads + 1)

    async def note_uses(self, used: Mapping[str, float]) -> None:
        self._refuse()
        self.used.append(used)

    def _refuse(self) -> None:
        if self.down:
            raise StoreUnreachable("switched off")


class Scene:
    """Knowledge of a file whose text changes, and what it put in force."""

    def __init__(self, text: str = FILE, has_file: bool = True) -> None:
        self.store = FakeStore()
        self.text = text
        self.used: list[Snapshot] = []
        self.uses = KeyUses()
        read = self.read if has_file else None
        port = cast(DirectoryPort, self.store)
        self.knowledge = Knowledge(port, self.read(), read, self.build, self.use)

    def read(self) -> Config:
        return parse(self.text, {}, "headgate.yaml")

    def build(self, config: Config, directory: Directory) -> Merged:
        return merge(from_config(config, True), directory, lambda row: (None, row.settings))

    def use(self, merged: Merged) -> None:
        self.used.append(merged.snapshot)

    @property
    def names(self) -> set[str]:
        return {known.name for known in self.used[-1].users.values()}


async def test_file_and_directory_are_in_force_from_the_start() -> None:
    scene = Scene()
    scene.store.put(users=(user(),), keys=(key(),))
    await scene.knowledge.open()
    assert scene.names == {"alice", "name of u1"}


async def test_a_contradiction_at_the_start_is_an_error_that_names_both() -> None:
    scene = Scene()
    scene.store.put(users=(user(name="alice"),))
    with pytest.raises(ConfigErrors, match=r"the database: users\.alice: .* configuration's file"):
        await scene.knowledge.open()
    assert not scene.used


async def test_a_change_here_is_in_force_at_once_and_one_elsewhere_at_the_next_look() -> None:
    scene = Scene()
    await scene.knowledge.open()
    scene.store.put(users=(user(),), keys=(key(),))
    await scene.knowledge.changed()
    assert "name of u1" in scene.names
    scene.store.put(users=(), keys=())
    await scene.knowledge.look(scene.uses)
    assert scene.names == {"alice"}


async def test_a_look_at_an_unchanged_directory_loads_nothing() -> None:
    scene = Scene()
    await scene.knowledge.open()
    await scene.knowledge.look(scene.uses)
    assert (scene.store.loads, len(scene.used)) == (1, 1)


async def test_a_contradiction_later_is_logged_and_the_last_good_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    await scene.knowledge.open()
    scene.store.put(users=(user(name="alice"), user("u2")), keys=(key(user_id="u2"),))
    await scene.knowledge.look(scene.uses)
    await scene.knowledge.look(scene.uses)
    assert scene.names == {"alice"}
    assert caplog.text.count("the directory was not reloaded") == 1
    scene.store.put(users=(user("u2"),))
    await scene.knowledge.look(scene.uses)
    assert scene.names == {"alice", "name of u2"}


async def test_a_good_file_that_is_read_again_is_in_force_with_the_directory() -> None:
    scene = Scene()
    scene.store.put(users=(user(),), keys=(key(),))
    await scene.knowledge.open()
    scene.text = FILE.replace("alice", "bob")
    assert scene.knowledge.reread() == []
    assert scene.names == {"bob", "name of u1"}
    assert scene.knowledge.config.users[0].name == "bob"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense: 1\n", "unknown key 'nonsense'"),
        (FILE.replace("alice", "name of u1"), "the database: users.name of u1"),
    ],
)
async def test_a_bad_file_is_refused_whole_with_its_errors(text: str, why: str) -> None:
    scene = Scene()
    scene.store.put(users=(user(),), keys=(key(),))
    await scene.knowledge.open()
    scene.text = text
    problems = scene.knowledge.reread()
    assert why in problems[0]
    assert await scene.knowledge.reload() == problems
    assert scene.names == {"alice", "name of u1"}
    assert scene.store.directory.reloads == 0


async def test_without_a_file_there_is_nothing_to_read() -> None:
    scene = Scene(has_file=False)
    await scene.knowledge.open()
    assert scene.knowledge.reread() == []
    assert len(scene.used) == 1


async def test_a_reload_reaches_the_other_workers(caplog: pytest.LogCaptureFixture) -> None:
    here, there = Scene(), Scene()
    there.store = here.store
    there.knowledge._store = cast(DirectoryPort, here.store)
    await here.knowledge.open()
    await there.knowledge.open()
    here.text = there.text = FILE.replace("alice", "bob")
    assert await here.knowledge.reload() == []
    await there.knowledge.look(there.uses)
    assert here.names == there.names == {"bob"}
    there.text = "nonsense: 1\n"
    assert await here.knowledge.reload() == []
    await there.knowledge.look(there.uses)
    assert there.names == {"bob"}
    assert "the configuration was not reloaded" in caplog.text


async def test_what_is_left_out_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.store.put(backends=(backend(settings={"nonsense": 1}),))
    await scene.knowledge.open()
    scene.store.put(users=(user(),))
    await scene.knowledge.changed()
    assert caplog.text.count("unknown key 'nonsense'") == 1


async def test_uses_are_written_down_and_not_lost_when_they_cannot_be() -> None:
    scene = Scene()
    await scene.knowledge.open()
    scene.uses.note("k1", AT)
    scene.store.down = True
    with pytest.raises(StoreUnreachable):
        await scene.knowledge.look(scene.uses)
    scene.store.down = False
    await scene.knowledge.look(scene.uses)
    await scene.knowledge.look(scene.uses)
    assert scene.store.used == [{"k1": AT}]


async def test_an_unreachable_store_leaves_the_last_good_in_force_and_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    scene = Scene()
    await scene.knowledge.open()
    looks = [True, True, True, False]
    ended = asyncio.Event()

    async def look(uses: KeyUses) -> None:
        if not looks:
            ended.set()
        elif looks.pop(0):
            raise StoreUnreachable("switched off")

    monkeypatch.setattr(knowledge_file, "POLL_S", 0.0)
    monkeypatch.setattr(scene.knowledge, "look", look)
    following = asyncio.ensure_future(scene.knowledge.follow(scene.uses))
    await ended.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert scene.names == {"alice"}
    assert caplog.text.count("switched off") == 1
    assert caplog.text.count("can be reached again") == 1
