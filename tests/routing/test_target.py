from headgate.routing.target import ALL_CONDITIONS, Route, Target


def test_a_target_is_known_by_backend_and_model() -> None:
    assert Target("openai", "gpt-4o").key == "openai/gpt-4o"


def test_a_route_falls_back_on_every_condition_unless_told_otherwise() -> None:
    assert Route(name="fast", targets=()).fallback_on == ALL_CONDITIONS
