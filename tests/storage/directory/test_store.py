from typing_extensions import override

from headgate.model.directory import Permission, RewriteRow
from headgate.ports import DirectoryPort
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import Database, open_database
from tests.storage.directory.samples import backend, key, model, policy, rewrite, user


async def test_it_is_what_the_port_asks_for(store: DirectoryStore) -> None:
    port: DirectoryPort = store
    assert await port.list_users() == ()


async def test_everything_is_loaded_together_as_of_a_version(store: DirectoryStore) -> None:
    assert (await store.load()).version == await store.version()
    await store.add_user(user(), key())
    await store.add_backend(backend())
    await store.add_permission(Permission("u1", "b1"))
    await store.add_rewrite(rewrite())
    await store.add_model(model())
    await store.add_policy(policy())
    await store.put_settings(stream_detail="raw")
    directory = await store.load()
    assert directory.version == await store.version()
    assert (directory.users, directory.keys) == ((user(),), (key(),))
    assert (directory.backends, directory.permissions) == ((backend(),), (Permission("u1", "b1"),))
    assert (directory.rewrites, directory.models) == ((rewrite(),), (model(),))
    assert (directory.policies, directory.settings) == ((policy(),), {"stream_detail": "raw"})


async def test_every_write_moves_the_version_on_for_all(
    store: DirectoryStore, database_url: str
) -> None:
    elsewhere = open_database(database_url)
    seen = [await DirectoryStore(elsewhere).version()]
    await store.add_user(user(), key())
    seen.append(await DirectoryStore(elsewhere).version())
    await store.change_user("u1", name="bob")
    seen.append(await DirectoryStore(elsewhere).version())
    await store.revoke_key("k1", 1.0)
    seen.append(await DirectoryStore(elsewhere).version())
    await store.remove_user("u1")
    seen.append(await DirectoryStore(elsewhere).version())
    await store.remove_user("u1")
    seen.append(await DirectoryStore(elsewhere).version())
    await elsewhere.aclose()
    first = seen[0]
    assert seen == [first, first + 1, first + 2, first + 3, first + 4, first + 4]


class _BusyStore(DirectoryStore):
    """Somebody writes while the users are read the first time."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.readings = 0

    @override
    async def list_rewrites(self) -> tuple[RewriteRow, ...]:
        self.readings += 1
        if self.readings == 1:
            await DirectoryStore(self._database).add_user(user(), key())
        return await super().list_rewrites()


async def test_what_was_written_while_it_was_read_is_not_missed(database: Database) -> None:
    busy = _BusyStore(database)
    directory = await busy.load()
    assert [row.id for row in directory.users] == ["u1"]
    assert directory.version == await busy.version()
    assert busy.readings == 2


async def test_a_reload_is_asked_of_all(store: DirectoryStore) -> None:
    before = await store.load()
    await store.ask_reload()
    after = await store.load()
    assert (after.reloads, after.version) == (before.reloads + 1, before.version + 1)
