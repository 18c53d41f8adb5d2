from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

import pytest

from headgate.config import parse
from headgate.model.caller import Key, User
from headgate.model.directory import BackendRow, Directory, Permission
from headgate.model.store_faults import SecretLost
from headgate.pipeline.keys import digest
from headgate.pipeline.merge import Merged, merge
from headgate.pipeline.snapshot import Snapshot, from_config
from headgate.routing.resolve import Rewrite
from headgate.routing.target import Target
from tests.storage.directory.samples import AT, backend, key, model, policy, rewrite, user

OWN = "sk-alice-0123456789"
FILE = f"""\
backends: {{up: {{base_url: http://up.test, speaks: [chat], models: [m]}}}}
models: {{fast: {{targets: [{{backend: up, model: m}}]}}}}
rewrites: [{{source: old, target: fast}}]
users: [{{name: alice, api_key: {OWN}, backends: [up]}}]
"""


def of_file(text: str = FILE) -> Snapshot:
    return from_config(parse(text, {}, "headgate.yaml"), loopback=True, peppers=(b"p",))


def open_secrets(row: BackendRow) -> tuple[str | None, Mapping[str, Any]]:
    return (f"opened {row.id}" if row.api_key_sealed else None), row.settings


def merged(**rows: Any) -> Merged:
    return merge(of_file(), Directory(**rows), open_secrets)


def one(**fields: Any) -> User:
    """The database's user, by a key, who may use two backends."""
    made = merged(
        users=(user(),),
        keys=(key(**fields),),
        backends=(backend(),),
        permissions=(Permission("u1", "b1"), Permission("u1", "up"), Permission("u2", "b1")),
    )
    assert not made.problems
    return made.snapshot.users[key().digest]


def test_an_empty_directory_changes_nothing() -> None:
    made = merge(of_file(), Directory(), open_secrets)
    assert made == Merged(of_file(), ())


def test_a_user_of_the_database_is_known_by_its_key_with_all_its_rights() -> None:
    assert one(backends=None) == User(
        id="u1",
        name="name of u1",
        backends=frozenset({"name-of-b1", "up"}),
        models=("fast", "gpt-4o*"),
        is_active=True,
        detail_logging=True,
        copy_reasoning=True,
        limits=user().limits,
        key=Key(
            id="k1",
            ends_at=AT + 100,
            models=("fast",),
            paths=("/v1/chat/completions",),
            networks=(ip_network("10.0.0.0/8"),),
            limits=key().limits,
        ),
    )


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (("b1",), {"name-of-b1"}),
        (("name-of-b1",), {"name-of-b1"}),
        (("up", "elsewhere"), {"up"}),
        ((), set()),
    ],
)
def test_a_key_reaches_what_both_it_and_its_user_may(
    scope: tuple[str, ...], reached: set[str]
) -> None:
    assert set(one(backends=scope).backends or ()) == reached


def test_a_user_without_any_permission_reaches_no_backend() -> None:
    made = merged(users=(user(),), keys=(key(backends=None),), backends=(backend(),))
    assert made.snapshot.users[key().digest].backends == frozenset()


def test_keys_that_were_revoked_or_belong_to_nobody_are_unknown() -> None:
    made = merged(
        users=(user(),), keys=(key(revoked_at=AT), key("k2", user_id="gone"), key("k3", cidrs=None))
    )
    assert {u.key.id for u in made.snapshot.users.values()} == {"", "k3"}


def test_a_key_with_a_nonsensical_network_is_left_out_and_named() -> None:
    made = merged(users=(user(),), keys=(key(cidrs=("10.0.0.0/8", "nonsense")), key("k2")))
    assert key().digest not in made.snapshot.users
    assert key("k2").digest in made.snapshot.users
    assert len(made.problems) == 1
    assert "'name of u1'" in made.problems[0]


def test_a_key_in_both_is_the_files_and_is_named() -> None:
    made = merged(users=(user(),), keys=(key(digest=digest(OWN, b"p")),))
    assert made.snapshot.users[digest(OWN, b"p")].name == "alice"
    assert made.problems == ("a key of the user 'name of u1' stands in the file too",)


def test_a_user_of_the_file_may_be_permitted_more() -> None:
    permissions = (Permission("alice", "b1"),)
    made = merged(backends=(backend(),), permissions=permissions)
    assert set(made.snapshot.users[digest(OWN, b"p")].backends or ()) == {"up", "name-of-b1"}


def test_a_backend_of_the_database_is_made_by_the_rules_of_the_file() -> None:
    made = merged(backends=(backend(is_active=True), backend("b2", api_key_sealed=None, speaks=())))
    one, two = made.snapshot.backends["name-of-b1"], made.snapshot.backends["name-of-b2"]
    assert (one.base_url, one.speaks, one.api_key) == (
        "https://up.test",
        ("chat", "responses"),
        "opened b1",
    )
    assert (one.active, one.timeouts.idle_s, one.headers) == (True, 5.0, (("x-a", "b"),))
    assert (two.active, two.api_key, two.detail_logging) == (False, None, True)
    assert two.speaks == ("chat",)
    assert set(made.snapshot.backends) == {"up", "name-of-b1", "name-of-b2"}


def test_what_cannot_be_used_is_left_out_and_named() -> None:
    def lost(row: BackendRow) -> tuple[str | None, Mapping[str, Any]]:
        if row.api_key_sealed is None:
            return None, row.settings
        raise SecretLost("it was sealed with another HEADGATE_SECRET_KEY")

    directory = Directory(
        backends=(
            backend(),
            backend("b2", api_key_sealed=None, settings={"nonsense": 1}),
            backend("b3", api_key_sealed=None),
        ),
        models=(model(settings={}), model("m2")),
    )
    made = merge(of_file(), directory, lost)
    assert set(made.snapshot.backends) == {"up", "name-of-b3"}
    assert set(made.snapshot.routes) == {"fast", "name of m2"}
    text = "\n".join(made.problems)
    assert "a secret of the backend 'name-of-b1' cannot be opened" in text
    assert "the backend 'name-of-b2' of the database: unknown key 'nonsense'" in text
    assert "the model 'name of m1' of the database" in text


def test_models_and_rewrites_stand_beside_the_files() -> None:
    made = merged(
        models=(model(),), rewrites=(rewrite(is_active=True), rewrite("r2", is_active=False))
    )
    assert made.snapshot.routes["name of m1"].targets == (Target("openai", "gpt"),)
    assert made.snapshot.routes["name of m1"].retries == 0
    assert made.snapshot.rewrites == {
        "old": Rewrite("old", "fast"),
        "source of r1": Rewrite("source of r1", "fast", True),
    }


@pytest.mark.parametrize(
    ("said", "detail"), [("raw", "raw"), ("off", "off"), ("nonsense", "compact"), (7, "compact")]
)
def test_the_databases_stream_detail_outranks_the_files(said: object, detail: str) -> None:
    made = merged(settings={"stream_detail": said}, policies=(policy(),))
    assert made.snapshot.settings.stream_detail == detail


def test_a_gateway_is_open_where_neither_has_a_user() -> None:
    empty = of_file("{}")
    assert merge(empty, Directory(), open_secrets).snapshot.open
    assert not merge(empty, Directory(users=(user(),)), open_secrets).snapshot.open
    assert not merged().snapshot.open
