from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config import BackendSettings, ConfigErrors, UserSettings, load, read_section
from headgate.config.load import from_environment
from tests.config.documents import ENV, FULL, only_problem, problems, read


def test_the_documented_example_is_read() -> None:
    config = read(FULL)
    openai = config.backends["openai"]
    assert (openai.api_key, openai.speaks) == ("sk-openai", ("chat", "responses"))
    assert (openai.timeouts.total, openai.headers) == (600.0, {"x-team": "research"})
    assert config.models["fast"].fallback_on == ("connect", "timeout", "429", "5xx")
    assert config.users[0].api_key == "sk-alice-0123456789"
    assert config.users[0].limits.budget_usd == 20.0
    assert config.server.max_body == 32 * 1024 * 1024
    assert config.policies.chain[0]["max_hold"] == "50ms"
    assert config.logging.retention == 30 * 86_400


def test_without_a_word_everything_has_its_default() -> None:
    config = read("")
    assert config.server.port == 8080
    assert (config.server.drain, config.server.heartbeat) == (600.0, 15.0)
    assert (config.database, config.redis, config.backends) == (None, None, {})
    assert config == read("{}")


def test_every_missing_variable_is_named_with_its_line() -> None:
    found = problems(FULL, {})
    assert [problem.line for problem in found] == [14, 23, 36]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "headgate.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.encode().replace(b"\n", b"\r\n"))
    assert load(path, ENV) == read(FULL)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"nowhere\.yaml: cannot be read: No such file"):
        load(tmp_path / "nowhere.yaml", {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="cannot be read"):
        load(tmp_path, {})


def test_bytes_that_are_not_utf8_are_named_with_their_line() -> None:
    problem = only_problem(b"server:\n  host: \xff\n")
    assert (problem.line, problem.message) == (2, "is not UTF-8 (byte 17 of the file)")


def test_json_is_yaml() -> None:
    assert read('{"server": {"port": 9, "heartbeat": "0"}}').server.heartbeat == 0


def test_a_list_is_no_configuration() -> None:
    assert "must be a mapping of keys" in only_problem("- a\n").message


def test_a_section_of_the_admin_api_follows_the_rules_of_the_file() -> None:
    body = {"base_url": "https://x", "timeouts": {"connect": "2s"}, "models": ["a"]}
    backend = read_section(BackendSettings, body)
    assert (backend.timeouts.connect, backend.models) == (2.0, ("a",))
    with pytest.raises(ConfigErrors) as caught:
        read_section(
            UserSettings, {"name": 5, "api_key": "key-0123456789ab", "activ": True}, "body"
        )
    assert [problem.where for problem in caught.value.problems] == ["name", ""]


def test_secrets_show_in_no_repr() -> None:
    text = FULL.replace("research", "sk-header").replace("redis: null", "redis: redis://:sk-r@h")
    shown = repr(read(text))
    assert "sk-" not in shown
    assert "'***'" in shown


def test_a_key_of_the_environment_that_is_unusable_is_named_and_not_repeated() -> None:
    backends = {"openai": BackendSettings(base_url="https://x", api_key="sk with spaces")}
    with pytest.raises(ConfigErrors) as caught:
        from_environment(backends, {"openai": "OPENAI_API_KEY"}, {})
    assert "OPENAI_API_KEY" in str(caught.value)
    assert "spaces, and" in str(caught.value)
    assert "sk with" not in str(caught.value)


@settings(max_examples=60)
@given(st.integers(0, len(FULL)), st.text(alphabet="x:[]{}\n -'\"&*!$", max_size=6))
def test_a_damaged_file_gives_problems_and_never_a_traceback(place: int, insert: str) -> None:
    found = problems(FULL[:place] + insert + FULL[place:])
    assert all(problem.message for problem in found)


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert all(problem.message for problem in problems(data, {}))
