import pytest

from headgate.config import Config, passed_over
from tests.config.documents import only_problem, read


def test_the_environment_outranks_the_file() -> None:
    env = {
        "HEADGATE_HOST": "0.0.0.0",
        "HEADGATE_PORT": "9000",
        "HEADGATE_DATABASE_URL": "postgresql://db/headgate",
        "HEADGATE_REDIS_URL": "redis://cache",
        "DETAIL_STREAM_LOG_MODE": "both",
    }
    config = read("server: {port: 1, heartbeat: 5s}\nlogging: {stream_detail: raw}", env)
    assert (config.server.host, config.server.port, config.server.heartbeat) == ("0.0.0.0", 9000, 5)
    assert (config.database, config.redis) == ("postgresql://db/headgate", "redis://cache")
    assert config.logging.stream_detail == "both"


def test_an_empty_variable_says_nothing() -> None:
    assert read("", {"HEADGATE_HOST": "", "HEADGATE_PORT": ""}) == Config()


@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [("HEADGATE_PORT", "http", None), ("HEADGATE_REDIS_URL", "localhost", None)],
)
def test_a_bad_variable_is_named(variable: str, value: str, hint: str | None) -> None:
    problem = only_problem("", {variable: value})
    assert (problem.file, problem.line) == ("the environment", None)
    assert (problem.where, problem.nearest) == (variable, hint)


def test_an_unknown_mode_of_the_log_is_compact_and_said() -> None:
    env = {"DETAIL_STREAM_LOG_MODE": "bothh"}
    assert read("logging: {stream_detail: raw}", env).logging.stream_detail == "compact"
    (problem,) = passed_over(env)
    assert (problem.where, problem.nearest) == ("DETAIL_STREAM_LOG_MODE", "both")


@pytest.mark.parametrize("mode", ["", "raw"])
def test_a_known_mode_or_none_is_no_problem(mode: str) -> None:
    assert passed_over({"DETAIL_STREAM_LOG_MODE": mode}) == []
