"""What the admin API of a worker is handed: keys, sealed secrets, model lists, the file's rows."""

from pathlib import Path

import httpx2
import pytest

from headgate.admin.recordings import NOTHING_KEPT
from headgate.composition.administration import (
    control_of,
    make_key,
    model_state,
    open_admin,
    refresh_models,
    refuse_taken,
    sign_in_of,
)
from headgate.config import AdminSettings, Config, parse
from headgate.model import key_format
from headgate.model.directory import Directory
from headgate.model.store_faults import RowConflict
from headgate.pipeline.keys import digest
from headgate.pipeline.knowledge import Knowledge
from headgate.pipeline.merge import Merged
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.snapshot import Snapshot
from headgate.storage.admin_token import token_digest
from headgate.storage.backend_secrets import place_of
from headgate.storage.engine import open_database
from headgate.storage.ledger import Ledger
from headgate.storage.migrate import migrate
from headgate.storage.secret_key import derive
from headgate.storage.vault import Vault
from tests.admin.conftest import World
from tests.admin.fake_directory import FakeDirectory
from tests.pipeline.fakes import FakeUpstream, backend, reply
from tests.pipeline.test_model_lists import DEAD, listing

PEPPER = b"pepper"
OWN = "a-key-of-ones-own-12345"
FILE = "users: [{name: alice, api_key: 0123456789abcdef}]\n"
NOW = 1_700_000_000.0


def build(config: Config, directory: Directory) -> Merged:
    return Merged(Snapshot(), ())


def test_a_made_key_carries_its_id_and_is_kept_as_a_digest() -> None:
    made = make_key("u1", None, PEPPER, 5.0)
    assert key_format.id_of(made.text) == made.row.id
    assert made.row.digest == digest(made.text, PEPPER)
    assert (made.row.user_id, made.row.created_at) == ("u1", 5.0)
    assert made.row.hint == made.text[-4:]
    assert make_key("u1", None, PEPPER, 5.0).text != made.text


def test_a_key_of_ones_own_stays_as_it_is() -> None:
    made = make_key("u1", OWN, PEPPER, 5.0)
    assert (made.text, made.row.digest) == (OWN, digest(OWN, PEPPER))
    assert len(made.row.id) == 16
    again = make_key("u1", make_key("u1", None, PEPPER, 5.0).text, PEPPER, 5.0)
    assert key_format.id_of(again.text) == again.row.id


def test_the_key_of_a_user_of_the_file_is_taken() -> None:
    config = parse(FILE, {}, "headgate.yaml")
    with pytest.raises(RowConflict, match="in use already"):
        refuse_taken("0123456789abcdef", config)
    assert refuse_taken(OWN, config) == OWN
    assert refuse_taken(None, config) is None


def test_a_weak_key_is_refused() -> None:
    with pytest.raises(ValueError, match="short"):
        make_key("u1", "short", PEPPER, 5.0)


async def test_a_list_that_nobody_asked_for_has_no_time() -> None:
    lists = ModelLists(lambda backend: FakeUpstream())
    assert model_state(lists, "one", NOW).word == "uninitialized"
    lists.use({"one": backend("one", models=("a",))})
    state = model_state(lists, "one", NOW)
    assert (state.models, state.at, state.word) == (frozenset({"a"}), None, "ready")


async def test_a_list_that_was_asked_for_has_its_time_on_the_worlds_clock() -> None:
    upstream = FakeUpstream(listing("a"), listing("a", "b"), DEAD)
    lists = ModelLists(lambda backend: upstream)
    lists.use({"one": backend("one", models="*")})
    await lists.ready(["one"])
    state = model_state(lists, "one", NOW)
    assert state.models == frozenset({"a"})
    assert state.at is not None
    assert state.at <= NOW
    await refresh_models(lists, "one")
    assert model_state(lists, "one", NOW).models == frozenset({"a", "b"})
    await refresh_models(lists, "one")
    assert model_state(lists, "one", NOW).word == "error"


async def test_a_backend_that_is_not_in_force_is_not_asked() -> None:
    upstream = FakeUpstream(reply(b"{}"))
    lists = ModelLists(lambda backend: upstream)
    await refresh_models(lists, "nothing")
    assert upstream.calls == []


async def test_the_control_reads_the_file_in_force_and_seals_for_the_row() -> None:
    store, vault = FakeDirectory(), Vault((derive(b"secret"),))
    config = parse(FILE, {}, "f")
    knowledge = Knowledge(store, config, None, build, lambda merged: None)
    lists = ModelLists(lambda backend: FakeUpstream())
    control = control_of(store, knowledge, lists, vault, PEPPER)
    assert [row.name for row in control.file_rows().users] == ["alice"]
    assert vault.open(control.seal("b1", "sk-1"), place_of("b1")) == "sk-1"
    assert control.make_key("u1", OWN).row.digest == digest(OWN, PEPPER)
    assert list(control.check_policy({"policy": "nonsense"}))
    assert len(control.mint()) == 16
    assert len(control.mint_secret()) >= 43
    assert control.models_of("one").word == "uninitialized"
    await control.refresh_models("one")
    assert await control.reload() == []


async def test_the_application_asks_for_the_token_of_the_gateway(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/headgate.db")
    await migrate(database)
    store, vault = FakeDirectory(), Vault((derive(b"secret"),))
    knowledge = Knowledge(store, parse(FILE, {}, "f"), None, build, lambda merged: None)
    lists = ModelLists(lambda backend: FakeUpstream())
    control = control_of(store, knowledge, lists, vault, PEPPER)
    ledger = Ledger(database, tmp_path / "journal")
    sign_in = sign_in_of(knowledge, FakeUpstream(), (derive(b"secret"),))
    digest_, try_out = token_digest("token"), World().try_out
    app = open_admin((database, ledger), control, digest_, sign_in, try_out, NOTHING_KEPT)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        assert (await client.get("/admin/users")).status_code == 401
        client.headers["authorization"] = "Bearer token"
        assert [row["name"] for row in (await client.get("/admin/users")).json()] == ["alice"]
        assert (await client.get("/admin/analytics/requests")).json()["total"] == 0
        assert (await client.get("/admin/analytics/usage")).json() == []
    await ledger.aclose()
    await database.aclose()


def test_how_one_gets_in_is_what_the_configuration_in_force_says() -> None:
    knowledge = Knowledge(FakeDirectory(), Config(), None, build, lambda merged: None)
    http, keys = FakeUpstream(), (derive(b"new"), derive(b"old"))
    sign_in = sign_in_of(knowledge, http, keys)
    assert sign_in.http is http
    assert sign_in.keys == (keys[0].login, keys[1].login)
    assert sign_in.settings() == AdminSettings()
    knowledge.config = Config(admin=AdminSettings(public_url="https://llm.example.org"))
    assert sign_in.settings().public_url == "https://llm.example.org"
