"""The admin API from the shell, against a running gateway and against what is none."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import override

from headgate.cli import main
from headgate.testing import Gateway, ScriptedUpstream
from tests.raw_answers import answering

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process: its exit code, what it printed, what it complained of."""
    for name in ("HEADGATE_ADMIN_TOKEN", "HEADGATE_PORT"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = 0
        try:
            main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def ask(run: Run, monkeypatch: pytest.MonkeyPatch, scripted_upstream: ScriptedUpstream) -> Any:
    """Runs a command against a gateway and gives its JSON, or its text."""
    config = {"backends": {"filed": {"base_url": scripted_upstream.url, "speaks": ["chat"]}}}
    with Gateway(config) as gateway:
        monkeypatch.setenv("HEADGATE_ADMIN_TOKEN", gateway.admin_token)
        monkeypatch.setenv("HEADGATE_PORT", str(gateway.port))
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

        def asked(*arguments: str, fails: bool = False) -> Any:
            code, out, err = run(*arguments)
            assert (code != 0) is fails, err
            if fails:
                assert (out, err[:10], err.count("\n")) == ("", "headgate: ", 1)
                return err.removeprefix("headgate: ").strip()
            return json.loads(out) if "--json" in arguments else out

        yield asked


def test_users_are_added_listed_changed_and_removed(ask: Any) -> None:
    user = ask("user", "add", "alice", "email=a@b.test", "limits.concurrent=4", "--json")
    assert (user["name"], user["email"], user["limits"]["concurrent"]) == ("alice", "a@b.test", 4)
    assert user["api_key"].startswith("hg-")
    header, row = ask("user", "list").splitlines()
    assert header.split() == ["id", "name", "email", "is_active", "created_at", "source"]
    assert row.split()[1:4] == ["alice", "a@b.test", "yes"]
    changed = ask("user", "change", "alice", "is_active=false", "email=null")
    assert "is_active: no" in changed
    assert "email" not in changed
    assert ask("user", "remove", user["id"]) == "done\n"
    assert ask("user", "list") == "none\n"
    assert ask("user", "remove", "alice", fails=True) == "there is no user 'alice'"


def test_keys_are_added_renewed_listed_and_removed(ask: Any) -> None:
    first = ask("user", "add", "alice", "--json")["api_key"]
    key = ask("key", "add", "alice", 'models=["gpt-*"]', "--json")
    renewed = ask("key", "regenerate", "alice", "overlap_s=60", "--json")["api_key"]
    assert len({first, key["api_key"], renewed}) == 3
    assert ask("key", "remove", "alice", key["id"]) == "done\n"
    listed = ask("key", "list", "alice", "--json")
    assert [row["revoked_at"] is None for row in listed] == [True, False, True]
    assert (
        ask("key", "remove", "alice", "no/such", fails=True)
        == "the user 'alice' has no key 'no/such'"
    )


def test_backends_and_permissions_are_named_and_not_numbered(
    ask: Any, scripted_upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-from-the-keyboard\n"))
    url = scripted_upstream.url
    backend = ask("backend", "add", "up", f"base_url={url}", "api_key=-", "--json")
    assert (backend["name"], backend["has_api_key"]) == ("up", True)
    sent = [one["headers"].get("authorization") for one in scripted_upstream.requests("GET")]
    ask("backend", "refresh", "up")
    assert "mock" in ask("backend", "refresh", "up")
    sent = [one["headers"].get("authorization") for one in scripted_upstream.requests("GET")]
    assert "Bearer sk-from-the-keyboard" in sent
    assert [line.split()[1] for line in ask("backend", "list").splitlines()] == [
        "name",
        "filed",
        "up",
    ]
    ask("user", "add", "alice")
    ask("permission", "add", "alice", "up")
    assert ask("permission", "list").splitlines()[1].split()[:2] == ["alice", "up"]
    assert ask("permission", "remove", "alice", "up") == "done\n"
    assert ask("permission", "list") == "none\n"
    moved = ask("backend", "change", "up", "base_url=https://x.test", fails=True)
    assert moved == "api_key: a new base_url wants the key again"
    assert ask("backend", "remove", "filed", fails=True).startswith("this is defined in the conf")
    assert ask("backend", "remove", "up") == "done\n"


class Pipe(io.StringIO):
    """Standard input, from the keyboard or not."""

    def __init__(self, text: str, keyboard: bool = False) -> None:
        super().__init__(text)
        self._keyboard = keyboard

    @override
    def isatty(self) -> bool:
        return self._keyboard


def test_administrators_are_created_changed_listed_and_removed(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Pipe("correct horse battery\nnot this line\n"))
    made = ask("admin", "create", "Carol", "--role", "admin", "--json")
    assert (made["name"], made["role"], made["is_active"]) == ("carol", "admin", True)
    header, row = ask("admin", "list").splitlines()
    assert header.split() == ["id", "name", "role", "is_active", "created_at"]
    assert row.split()[1:4] == ["carol", "admin", "yes"]
    assert "role: viewer" in ask("admin", "change", "carol", "role=viewer")
    typed = iter(["another password", "another password", "one", "other"])
    monkeypatch.setattr("sys.stdin", Pipe("", keyboard=True))
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert "name: carol" in ask("admin", "password", "carol")
    differ = ask("admin", "password", "carol", fails=True)
    assert differ == "the two passwords differ"
    assert ask("admin", "remove", "carol") == "done\n"
    gone = ask("admin", "remove", "carol", fails=True)
    assert gone == "there is no administrator 'carol'"


@pytest.mark.parametrize(
    ("password", "role", "reason"),
    [
        ("short", "admin", "password: must have 12 characters or more"),
        ("", "admin", "password: must have 12 characters or more"),
        ("correct horse battery", "root", "role: Input should be 'owner', 'admin'"),
    ],
)
def test_an_administrator_that_cannot_be_is_one_sentence(
    ask: Any, monkeypatch: pytest.MonkeyPatch, password: str, role: str, reason: str
) -> None:
    monkeypatch.setattr("sys.stdin", Pipe(password))
    assert ask("admin", "create", "carol", "--role", role, fails=True).startswith(reason)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("user", "add", "alice", "nonsense=1"), "nonsense: is unknown here"),
        (("user", "add", "alice", "limits=1", "limits.concurrent=4"), "limits is given as a value"),
        (("user", "list", "--token", "wrong"), "A valid admin token is required"),
        (("user", "list", "--token", "b\u00e9d"), "A valid admin token is required"),
        (("permission", "add", "nobody", "filed"), "there is no user 'nobody'"),
    ],
)
def test_what_the_gateway_refuses_is_one_sentence(
    ask: Any, arguments: tuple[str, ...], reason: str
) -> None:
    assert reason in ask(*arguments, fails=True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("user", "list"), "no admin token"),
        (("user", "list", "--token", "t", "--url", "nonsense"), "'nonsense' is no address"),
        (("user", "list", "--token", "t", "--url", "http://127.0.0.1:1"), "cannot reach the"),
        (("user", "list", "--token", "t", "--url", "http://127.0.0.1:x"), "is no address"),
        (("user", "list", "--token", "a\nb", "--url", "http://127.0.0.1:1"), "cannot"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    run: Run, arguments: tuple[str, ...], reason: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert reason in err


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n<ht>", "no gateway"),
        (b"HTTP/1.1 500 X\r\ncontent-length: 4\r\n\r\n<ht>", "answered 500"),
        (b"HTTP/1.1 400 X\r\ncontent-length: 2\r\n\r\n[]", "answered 400"),
        (b"HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:1/\r\n\r\n", "answered 302"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[]", "cannot reach the gateway"),
        (b"nonsense\r\n\r\n", "cannot reach the gateway"),
    ],
)
def test_what_is_no_gateway_is_told_in_one_sentence(run: Run, answer: bytes, reason: str) -> None:
    with answering(answer) as url:
        code, _, err = run("user", "list", "--token", "t", "--url", url)
    assert code == 1
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("field", ["nonsense", "=1"])
def test_a_field_has_a_name_and_a_value(run: Run, field: str) -> None:
    code, _, err = run("user", "add", "alice", field, "--token", "t")
    assert code == 2
    assert "FIELD=VALUE" in err


@pytest.mark.parametrize("command", ["user", "key", "backend", "permission"])
def test_every_command_explains_itself(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "list" in out
