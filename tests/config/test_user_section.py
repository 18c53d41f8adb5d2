from headgate.config.user_section import LimitSettings, UserSettings
from tests.config.documents import only_problem


def test_left_out_a_caller_may_use_no_backend_and_every_model() -> None:
    user = UserSettings(name="a", api_key="k")
    assert (user.backends, user.models) == ((), "*")
    assert (user.active, user.detail_logging) == (True, False)
    assert user.limits == LimitSettings(budget_period="month")


def test_a_limit_of_nothing_is_refused() -> None:
    text = "users:\n  - {name: a, api_key: key-0123456789ab, limits: {concurrent: 0}}"
    assert "1 or more" in only_problem(text).message
