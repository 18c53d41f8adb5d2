from ipaddress import ip_network

import pytest

from headgate.model.caller import ANYBODY, Key, User


def test_a_user_reaches_the_backends_that_are_granted() -> None:
    user = User(id="1", name="alice", backends=frozenset({"openai"}))
    assert user.may_use_backend("openai")
    assert not user.may_use_backend("claude")


def test_a_new_user_reaches_none() -> None:
    assert not User(id="1", name="alice").may_use_backend("openai")


def test_none_stands_for_every_backend() -> None:
    assert User(id="1", name="alice", backends=None).may_use_backend("any")


def test_anybody_may_do_everything_and_has_no_id() -> None:
    assert ANYBODY.may_use_backend("any")
    assert (ANYBODY.id, ANYBODY.models, ANYBODY.is_active) == ("", None, True)


@pytest.mark.parametrize(
    ("users", "keys", "may"),
    [
        (None, None, True),
        (("gpt*",), None, True),
        (("gpt*",), ("*-mini",), True),
        (("gpt*",), ("claude*",), False),
        (("claude*",), ("gpt*",), False),
        ((), None, False),
        (None, (), False),
    ],
)
def test_a_model_must_be_among_those_of_user_and_key(
    users: tuple[str, ...] | None, keys: tuple[str, ...] | None, may: bool
) -> None:
    alice = User(id="1", name="alice", models=users, key=Key(models=keys))
    assert alice.may_ask("gpt-mini") == may


def test_a_key_without_scopes_is_for_everything() -> None:
    assert Key().may_call("/anything")
    assert Key().may_come_from(None)
    assert Key().is_live(1e18)


def test_a_scoped_key_is_for_what_it_says() -> None:
    key = Key(paths=("/v1/*",), networks=(ip_network("10.0.0.0/8"),), ends_at=5.0)
    assert key.may_call("/v1/messages")
    assert not key.may_call("/admin")
    assert key.may_come_from("10.0.0.1")
    assert not key.may_come_from("11.0.0.1")
    assert not key.may_come_from(None)
    assert key.is_live(4.9)
    assert not key.is_live(5.0)
