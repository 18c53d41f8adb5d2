from headgate.model.caller import ANYBODY, User


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
