import pytest

from headgate.storage.backend_secrets import open_secrets, place_of, seal_setting
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import Database
from headgate.storage.reseal import reseal
from headgate.storage.secret_key import derive
from headgate.storage.vault import Vault
from tests.storage.directory.samples import AT, backend

OLD, NEW, OTHER = (derive(f"the {name} secret key".encode()) for name in ("old", "new", "other"))


async def test_what_an_older_key_sealed_is_sealed_anew_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store = DirectoryStore(database)
    for backend_id, sealing in (("b1", OLD), ("b2", NEW), ("b3", OTHER)):
        sealed = Vault([sealing]).seal(f"secret of {backend_id}", place_of(backend_id))
        await store.add_backend(backend(backend_id, api_key_sealed=sealed, settings={}))
    await store.add_backend(backend("b4", api_key_sealed=None, settings={}))
    vault = Vault([NEW, OLD])
    assert await reseal(store, vault, AT) == 1
    assert await reseal(store, vault, AT) == 0
    one = await store.get_backend("b1")
    assert one is not None
    assert Vault([NEW]).open(one.api_key_sealed or b"", place_of("b1")) == "secret of b1"
    assert [row.subject for row in await store.list_audit(10, 0)] == ["b1"]
    assert "'name-of-b3' cannot be opened" in caplog.text
    assert "secret of b" not in caplog.text


async def test_secrets_among_the_settings_are_sealed_anew_and_those_in_clear_for_the_first_time(
    database: Database,
) -> None:
    store = DirectoryStore(database)
    old = Vault([OLD])
    settings = {
        "timeouts": {"idle": "5s"},
        "headers": {"x-key": seal_setting(old, "b1", "headers/x-key", "s3cret")},
        "aws": {"secret_access_key": "in clear", "region": "eu-west-1"},
    }
    await store.add_backend(backend("b1", api_key_sealed=None, settings=settings))
    vault = Vault([NEW, OLD])
    assert await reseal(store, vault, AT) == 1
    assert await reseal(store, vault, AT) == 0
    one = await store.get_backend("b1")
    assert one is not None
    assert "in clear" not in repr(one)
    assert open_secrets(Vault([NEW]), one) == (
        None,
        {
            "timeouts": {"idle": "5s"},
            "headers": {"x-key": "s3cret"},
            "aws": {"secret_access_key": "in clear", "region": "eu-west-1"},
        },
    )
