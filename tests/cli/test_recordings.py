"""The commands ``replay`` and ``verify``: what they print, and one sentence where something is
wrong."""

import http.client
import pathlib
import signal
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest

from headgate.cli import main
from headgate.cli import recordings as commands
from headgate.cli.admin import AdminFailed
from tests.wire.recorded_samples import FILE, FIRST, SECOND

TRUNCATED = FILE[: FILE.index(b'{"record":"ended","at_us":40000')]


class Ran:
    """How a command ended and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.code = 0
        try:
            main(arguments)
        except SystemExit as end:
            self.code = int(end.code or 0)
        told = capsys.readouterr()
        self.out, self.err = told.out, told.err


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "req_1.stream"
    path.write_bytes(FILE)
    return path


def served(*arguments: str) -> tuple["subprocess.Popen[str]", str, list[str]]:
    """The command, its address and the lines that it printed."""
    command = [sys.executable, "-m", "headgate", "replay", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
    return process, lines[0].removeprefix("headgate replay: "), lines


def asked(url: str) -> tuple[int, bytes, bool]:
    """Status and body of one answer, and whether it was whole."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("POST", "/v1/chat/completions", b"{}")
    answer = connection.getresponse()
    try:
        return answer.status, answer.read(), True
    except http.client.IncompleteRead as broken:
        return answer.status, broken.partial, False
    except ConnectionResetError:
        return answer.status, b"", False
    finally:
        connection.close()


def test_it_prints_its_url_and_an_example_and_plays_until_a_signal(file: pathlib.Path) -> None:
    process, url, lines = served(str(file), "--speed", "0")
    with process:
        assert lines[0] == f"headgate replay: {url}"
        assert "plays 2 answers" in lines[1]
        assert f"curl -N {url}/v1/chat/completions" in lines[2]
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            asked(url)
        status, body, whole = asked(url)
        assert (status, whole) == (200, False)
        assert (FIRST + SECOND).startswith(body)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_plain_body_is_served_as_one_answer(tmp_path: pathlib.Path) -> None:
    body = b'data: {"choices":[]}\n\ndata: [DONE]\n\n'
    path = tmp_path / "plain.sse"
    path.write_bytes(body)
    process, url, lines = served(str(path))
    with process:
        assert "plays 1 answer of" in lines[1]
        assert asked(url) == (200, body, True)
        process.terminate()


def test_a_damaged_recording_says_where_and_is_played_as_far_as_it_goes_if_asked(
    file: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(TRUNCATED)
    ran = Ran(capsys, "replay", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert "cut off at byte" in ran.err
    assert "--partial" in ran.err
    assert ran.err.count("\n") == 1
    process, _, lines = served(str(file), "--partial")
    with process:
        assert "plays 2 answers" in lines[1]
        process.terminate()


@pytest.mark.parametrize("speed", ["-1", "nan", "inf", "fast", "1e9"])
def test_a_speed_that_is_none_is_wrong_usage(
    file: pathlib.Path, capsys: pytest.CaptureFixture[str], speed: str
) -> None:
    ran = Ran(capsys, "replay", str(file), f"--speed={speed}")
    assert ran.code == 2
    assert "is not a speed" in ran.err


@pytest.mark.parametrize("command", ["replay", "verify"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    ran = Ran(capsys, command, str(tmp_path / "none.stream"))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("headgate: ")


def test_a_whole_file_is_verified(file: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "verify", str(file))
    assert (ran.code, ran.err) == (0, "")
    assert "req_1 ended truncated after 2 attempts" in ran.out


def test_a_changed_byte_is_detected(file: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(FILE.replace(b"Hel", b"hel"))
    ran = Ran(capsys, "verify", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert "the recording is damaged at byte" in ran.err


def test_what_is_no_recording_is_not_verified(
    file: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"data: {}\n\n")
    assert "is no recording" in Ran(capsys, "verify", str(file)).err


class FakeApi:
    """Answers what the test says."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def ask(self, method: str, path: str) -> Any:
        self.asked.append((method, path))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (
            {"differences": [], "delivered": {"bytes": 7, "sha256": "abc"}},
            0,
            "req_9: the caller got what the recording gives again, 7 bytes with the SHA-256 abc",
        ),
        (
            {"differences": ["one is other", "two is"]},
            1,
            "req_9 does not hold: one is other; two is",
        ),
        ([], 1, "what answered is no gateway"),
        (AdminFailed("there is no recording of this exchange"), 1, "there is no recording"),
    ],
)
def test_an_id_is_verified_by_the_gateway(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
    code: int,
    words: str,
) -> None:
    api = FakeApi(answer)
    monkeypatch.setattr(commands, "admin_api", lambda _: api)
    ran = Ran(capsys, "verify", "req_9")
    assert ran.code == code
    assert words in (ran.out if code == 0 else ran.err)
    assert api.asked == [("POST", "requests/req_9/replay")]


def test_without_a_token_nobody_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADGATE_ADMIN_TOKEN", raising=False)
    ran = Ran(capsys, "verify", "req_9")
    assert ran.code == 1
    assert "no admin token" in ran.err
