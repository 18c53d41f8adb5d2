"""The commands: what they print, how they exit, and that nothing ever ends in a traceback."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headgate import __version__
from headgate.backends.catalog import CATALOG
from headgate.cli import main
from tests.config.documents import ENV, FULL

USER = 'users: [{name: alice, api_key: key-of-alice-0123, backends: "*"}]\n'


class Ran:
    """How a command ended and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Shell:
    """Runs commands in this process, in an empty folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder

    def __call__(self, *arguments: str) -> Ran:
        code = 0
        try:
            main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        told = self._capsys.readouterr()
        return Ran(code, told.out, told.err)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("HEADGATE_")]:
        monkeypatch.delenv(name)
    for provider in CATALOG:
        for name in provider.env:
            monkeypatch.delenv(name, raising=False)
    return Shell(capsys, tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def commands(shell: Shell) -> list[str]:
    listed = shell("--help").out.split("commands:")[1]
    return re.findall(r"^    ([a-z]+)", listed, re.MULTILINE)


def test_every_command_has_its_help(shell: Shell) -> None:
    names = commands(shell)
    assert {"serve", "check", "mock", "bench", "backends"} <= set(names)
    for name in names:
        ran = shell(name, "--help")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"usage: headgate {name}")


def test_the_version_is_told(shell: Shell) -> None:
    ran = shell("--version")
    assert (ran.code, ran.out) == (0, f"headgate {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["serve", "--nothing"],
        ["serve", "--por", "1"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "-1"],
        ["serve", "--port", "http"],
        ["serve", "--workers", "0"],
        ["serve", "--workers", "257"],
        ["serve", "extra"],
        ["check", "one", "two"],
        ["mock", "--port", "x"],
        ["backends", "extra"],
        ["bench", "--requests", "0"],
        ["bench", "--seconds", "soon"],
    ],
)
def test_wrong_usage_exits_2_and_shows_the_usage(shell: Shell, arguments: list[str]) -> None:
    ran = shell(*arguments)
    assert ran.code == 2
    assert ran.err.startswith("usage: headgate")
    assert "Traceback" not in ran.err
    assert ran.out == ""


def assert_one_sentence(ran: Ran, *words: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("headgate: ")
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


def test_a_file_that_is_not_there_is_one_sentence(shell: Shell) -> None:
    ran = shell("serve", "--config", "none.yaml")
    assert_one_sentence(ran, "none.yaml: cannot be read: No such file or directory")
    assert_one_sentence(shell("mock", "--script", "none.json"), "cannot read none.json")


def test_bad_yaml_is_told_with_its_line(shell: Shell) -> None:
    path = shell.write("bad.yaml", "server:\n  port: [1\n")
    assert_one_sentence(shell("serve", "--config", path), "bad.yaml:")


def test_an_unknown_key_is_told_with_the_nearest(shell: Shell) -> None:
    shell.write("headgate.yaml", "server:\n  prot: 1\n")
    assert_one_sentence(shell("serve"), "headgate.yaml:2: ", "did you mean 'port'?")


def test_a_port_in_use_is_one_sentence(shell: Shell, taken_port: int) -> None:
    ran = shell("serve", "--port", str(taken_port))
    assert_one_sentence(ran, "the port is in use already")
    assert ran.err.count("\n") == 1
    ran = shell("mock", "--port", str(taken_port))
    assert_one_sentence(ran, f"cannot listen on 127.0.0.1:{taken_port}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.test"])
def test_an_open_gateway_refuses_the_network_and_says_how_to_make_a_user(
    shell: Shell, host: str
) -> None:
    ran = shell("serve", "--host", host)
    assert_one_sentence(ran, f"refusing to listen on {host}", "users:", "127.0.0.1")
    assert not (shell.folder / "headgate-data").exists()


@pytest.mark.parametrize("host", ["no host", "a..b", "192.0.2.1"])
def test_an_address_that_cannot_be_had_is_one_sentence(shell: Shell, host: str) -> None:
    path = shell.write("users.yaml", USER)
    ran = shell("serve", "--config", path, "--host", host)
    assert_one_sentence(ran, "cannot listen on", host)
    assert ran.err.count("\n") == 1


def test_a_data_folder_that_is_a_file_is_one_sentence(shell: Shell) -> None:
    path = shell.write("file", "")
    assert_one_sentence(shell("serve", "--data", path), "file")


def test_a_damaged_admin_token_is_one_sentence(shell: Shell) -> None:
    shell.write("admin-token.sha256", "?")
    assert_one_sentence(shell("serve", "--data", "."), "admin-token.sha256 is damaged")


def test_a_measurement_that_cannot_begin_is_one_sentence(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert_one_sentence(shell("bench", "--seconds", "1"), "the scripted upstream")


def test_a_bad_script_is_one_sentence(shell: Shell) -> None:
    path = shell.write("script.json", '{"txt": "hello"}')
    assert_one_sentence(shell("mock", "--script", path), "script.json: ", "'txt'")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEADGATE_PORT", "http"),
        ("HEADGATE_PORT", "70000"),
        ("HEADGATE_DATABASE_URL", "mysql://db"),
        ("HEADGATE_CONFIG", "none.yaml"),
        ("OPENAI_API_KEY", "two words"),
    ],
)
def test_an_unusable_variable_is_named(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = shell("serve")
    assert_one_sentence(ran, value if name == "HEADGATE_CONFIG" else name)
    assert "two words" not in ran.err


def test_a_good_configuration_is_valid(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    shell.write("headgate.yaml", FULL)
    shell.write("other.yaml", USER)
    ran = shell("check")
    assert (ran.code, ran.out, ran.err) == (0, "headgate.yaml: the configuration is valid\n", "")
    assert shell("check", "other.yaml").out == "other.yaml: the configuration is valid\n"
    monkeypatch.setenv("HEADGATE_CONFIG", "other.yaml")
    assert shell("check").out.startswith("other.yaml:")


def test_a_bad_configuration_has_all_its_problems_told(shell: Shell) -> None:
    path = shell.write(
        "bad.yaml", "server:\n  prot: 1\nbackends:\n  a: {base_url: x, api_key: ${NOT_SET}}\n"
    )
    ran = shell("check", path)
    assert (ran.code, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert "bad.yaml:2: server: unknown key 'prot'" in lines[0]
    assert "NOT_SET" in ran.err
    assert re.fullmatch(r"\d+ problems", lines[-1])
    assert len(lines) == int(lines[-1].split()[0]) + 1


def test_without_a_file_there_is_nothing_to_check(shell: Shell) -> None:
    assert_one_sentence(shell("check"), "there is no headgate.yaml here")
    assert shell("check", "none.yaml").code == 1
    assert shell("check", ".").code == 1


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\x00", b"- a", b"&a [*a]", b"a: &x\n b: *x\n"])
def test_no_file_is_too_strange_to_check(shell: Shell, text: bytes) -> None:
    (shell.folder / "odd.yaml").write_bytes(text)
    ran = shell("check", "odd.yaml")
    assert ran.code == 1
    assert ran.err.startswith("odd.yaml")


def keys_in(value: object) -> set[str]:
    """Every key of every object."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_in, value.values()))
    return set().union(*map(keys_in, value)) if isinstance(value, list) else set()


def test_the_schema_is_valid_json(shell: Shell) -> None:
    ran = shell("check", "--schema")
    assert ran.code == 0
    schema = msgspec.json.decode(ran.out)
    assert isinstance(schema, dict)
    assert {"server", "backends", "models", "users"} <= keys_in(schema)


def test_the_catalog_is_listed(shell: Shell) -> None:
    ran = shell("backends")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].split()[:2] == ["KIND", "SPEAKS"]
    assert [line.split()[0] for line in lines[1:]] == [row.kind for row in CATALOG]
    assert "OPENAI_API_KEY" in ran.out


def test_an_interrupt_ends_quietly(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headgate.mock.run.run", interrupted)
    ran = shell("mock")
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m headgate check --schema | true"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=50)
    assert ran.stderr == ""


def served(folder: Path) -> tuple[int, str, str]:
    """A gateway that is ended as soon as it listens: its exit code and what it printed."""
    data = str(folder / "data")
    process = subprocess.Popen(
        [sys.executable, "-m", "headgate", "serve", "--port", "0", "--data", data],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = first + process.stdout.read(), process.stderr.read()
    return process.wait(), out, err


def test_a_gateway_says_where_it_is_and_shows_its_token_once(tmp_path: Path) -> None:
    code, out, err = served(tmp_path)
    assert (code, err) == (0, "")
    address = re.match(r"Headgate \S+ listens on (http://127\.0\.0\.1:\d+)\n", out)
    assert address is not None
    assert f"console: {address[1]}/admin" in out
    assert re.search(r"admin token \(shown this once\): hga-\S+", out)
    assert f"curl -N {address[1]}/v1/chat/completions" in out
    assert "hga-" not in served(tmp_path)[1]
