"""The command's function: it says where it serves, and what is wrong in one sentence."""

import http.client
import pathlib
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from headgate.mock.listen import bind
from headgate.mock.run import load, run
from headgate.mock.script import ScriptError

SERVE = "import sys; from headgate.mock.run import run; run('127.0.0.1', 0, sys.argv[1])"


def test_it_prints_its_url_follows_its_script_and_ends_on_a_signal(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "script.json"
    file.write_text('{"status": 418, "json": {"tea": true}}')
    command = [sys.executable, "-c", SERVE, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words, _, url = process.stdout.readline().strip().partition(": ")
        assert words == "headgate mock"
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("POST", "/v1/messages", b"{}")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (418, b'{"tea":true}')
        connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_script_file_is_one_or_several(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('[{"text": "a"}, {"text": "b"}]')
    assert [script.text for script in load(str(file))] == ["a", "b"]


def test_a_bad_script_names_its_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('{"txt": "a"}')
    with pytest.raises(ScriptError, match=r"s\.json: unknown script key 'txt'.*'text'"):
        run("127.0.0.1", 0, str(file))


def test_a_missing_script_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(OSError, match=r"^cannot read .*none\.json: No such file"):
        run("127.0.0.1", 0, str(tmp_path / "none.json"))


def test_an_address_that_is_taken_is_named() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(OSError, match=r"^cannot listen on"):
        run("127.0.0.1", taken.getsockname()[1])
