import msgspec
import pytest

from headgate.model.directory import BackendRow, Directory, KeyRow, Permission, UserRow


def test_what_nobody_said_of_a_user_is_the_least() -> None:
    user = UserRow(id="1", name="alice")
    assert user.is_active
    assert not user.detail_logging
    assert not user.copy_reasoning_to_reasoning_content
    assert not user.limits
    assert user.source == "database"


def test_a_backend_holds_its_key_sealed_or_not_at_all() -> None:
    assert BackendRow(id="1", name="b", base_url="http://b").api_key_sealed is None


def test_an_empty_directory_knows_nobody() -> None:
    directory = Directory()
    assert (directory.users, directory.keys, directory.permissions) == ((), (), ())


@pytest.mark.parametrize(
    "row",
    [
        UserRow(id="1", name="alice"),
        KeyRow(id="k", user_id="1", digest=b"d", hint="abcd", created_at=1.0),
        Permission("1", "2"),
    ],
)
def test_rows_do_not_change_under_their_readers(row: msgspec.Struct) -> None:
    with pytest.raises(AttributeError):
        row.id = "other"  # type: ignore[attr-defined]
