import msgspec

from headgate.model.directory import BackendRow, Directory, KeyRow, UserRow


def test_a_row_that_says_nothing_of_it_is_the_databases_and_active() -> None:
    user = UserRow(id="1", name="alice")
    backend = BackendRow(id="2", name="up", base_url="http://up.test")
    assert (user.source, user.is_active, user.models) == ("database", True, None)
    assert (backend.source, backend.is_active, backend.api_key_sealed) == ("database", True, None)
    assert not user.limits


def test_a_key_without_scopes_may_what_its_user_may() -> None:
    key = KeyRow(id="k", user_id="1", digest=b"", hint="wxyz", created_at=0.0)
    assert (key.backends, key.models, key.paths, key.cidrs) == (None, None, None, None)
    assert (key.expires_at, key.revoked_at) == (None, None)


def test_an_empty_directory_is_older_than_any_in_a_database() -> None:
    assert (Directory().version, Directory().reloads) == (0, 0)
    assert not any(msgspec.structs.asdict(Directory()).values())
