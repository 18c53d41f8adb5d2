import pytest

from headgate.config.build import plain_value
from headgate.config.tree import Scalar
from tests.config.documents import only_problem, problems, read


@pytest.mark.parametrize(
    ("text", "value"),
    [("off", "off"), ("yes", "yes"), ("12:30", "12:30"), ("0o7", "0o7"), ("true", True),
     ("~", None), ("12", 12), ("-1.5", -1.5), ("1e3", 1000.0), ("[1]", "[1]"), ("NaN", "NaN"),
     ("2024-01-01", "2024-01-01")],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert plain_value(Scalar(text)) == value
    assert plain_value(Scalar(text, plain=False)) == text


@pytest.mark.parametrize(
    ("text", "line", "where", "words", "hint"),
    [
        ("srver: {}", 1, "", "unknown key 'srver'", "server"),
        ("server:\n  heart_beat: 5s", 2, "server", "unknown key 'heart_beat'", "heartbeat"),
        ("server:\n  zzz: 5s", 2, "server", "known are host, port", None),
        ("server:\n  port: many", 2, "server.port", "a whole number, not 'many'", None),
        ("server:\n  port: 70000", 2, "server.port", "65535 or less", None),
        ("server:\n  port: -1", 2, "server.port", "0 or more", None),
        ("server:\n  port: 8080.5", 2, "server.port", "a whole number", None),
        ("server:\n  port: '8080'", 2, "server.port", "a whole number", None),
        ("server:\n  host: 5", 2, "server.host", "must be text; put it in quotes", None),
        ("server:\n  host: [a]", 2, "server.host", "must be text, not a list", None),
        ("server:\n  heartbeat: 15", 2, "server.heartbeat", "15 has no unit; write 15s", None),
        ("server:\n  heartbeat: [1]", 2, "server.heartbeat", "a duration, not a list", None),
        ("server:\n  max_body: 32", 2, "server.max_body", "write 32kB or 32MiB", None),
        ("server: [a]", 1, "server", "must be a mapping of keys, not a list", None),
        ("server: 5", 1, "server", "must be a mapping of keys, not '5'", None),
        (
            "server:\n  stream_errors: evnt", 2, "server.stream_errors",
            "'evnt' is not one of event, silent", "event",
        ),
        ("server:\n  stream_errors: [a]", 2, "server.stream_errors", "one of event", None),
        ("backends: [a]", 1, "backends", "must be a mapping, not a list", None),
        ("users: {name: a}", 1, "users", "must be a list, not a mapping", None),
        ("users: alice", 1, "users", "must be a list, not 'alice'; put it in [ ]", None),
        ("users:\n  - {name: a}", 2, "users[0]", "the key 'api_key' is missing", None),
        (
            "users:\n  - {name: a, api_key: }", 2, "users[0].api_key", "is empty", None,
        ),
        (
            "users:\n  - {name: a, api_key: 0123456789abcdef, backends: all}",
            2, "users[0].backends",
            "'all' is not '*'", None,
        ),
        (
            "users:\n  - {name: a, api_key: 0123456789abcdef, models: {a: b}}",
            2, "users[0].models",
            "must be '*' or a list, not a mapping", None,
        ),
        (
            "backends:\n  a b: {kind: openai}", 2, "backends.a b", "a name is made of", None,
        ),
        (
            "backends:\n  a: {kind: openai, active: 5}", 2, "backends.a.active",
            "must be true or false, not '5'", None,
        ),
        (
            "backends:\n  a:\n    base_url: https://x\n    speaks: [chat, mesages]", 4,
            "backends.a.speaks[1]", "'mesages' is not one of", "messages",
        ),
        (
            "backends:\n  a: {base_url: api.x.com}", 2, "backends.a.base_url",
            "begins with a scheme", None,
        ),
        (
            "backends:\n  a: {kind: opnai}", 2, "backends.a.kind", "'opnai' is not one", "openai",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_has_line_place_and_hint(
    text: str, line: int, where: str, words: str, hint: str | None
) -> None:
    problem = only_problem(text)
    assert (problem.line, problem.where, problem.nearest) == (line, where, hint)
    assert words in problem.message


def test_every_problem_is_found_at_once() -> None:
    text = "server: {prot: 1, port: x}\nusers:\n  - {nam: a}\nredis: 5\n"
    assert [problem.line for problem in problems(text)] == [1, 1, 3, 3, 3, 4]


def test_a_key_with_nothing_is_a_key_left_out() -> None:
    config = read("server:\n  port:\nusers:\nbackends: ~\n")
    assert (config.server.port, config.users, config.backends) == (8080, (), {})


def test_a_number_from_the_environment_is_a_number_or_text_as_the_key_wants() -> None:
    env = {"N": "9000", "ON": "yes", "T": "7s", "K": "1234567890123456"}
    text = (
        "server: {port: ${N}, heartbeat: ${T}}\n"
        "users:\n  - {name: ${K}, api_key: ${K}, active: ${ON}}\n"
    )
    config = read(text, env)
    assert (config.server.port, config.server.heartbeat) == (9000, 7.0)
    assert (config.users[0].name, config.users[0].active) == ("1234567890123456", True)


def test_an_empty_variable_is_nothing() -> None:
    assert read("redis: ${X:-}\n", {}).redis is None


def test_what_the_environment_said_is_not_repeated() -> None:
    problem = only_problem("server: {port: ${SECRET}}", {"SECRET": "hunter2"})
    assert "hunter2" not in str(problem)


def test_a_missing_variable_is_the_only_problem_it_makes() -> None:
    problem = only_problem("\nserver:\n  port: ${PORT}\n", {})
    assert problem.line == 3
    assert "PORT is not set" in problem.message
