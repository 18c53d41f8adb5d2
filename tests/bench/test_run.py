"""The command in whole: it measures, ends what it started, and says what is wrong."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from headgate.bench import run as command
from headgate.bench.caller import BenchFailed
from headgate.bench.run import run
from headgate.testing import GatewayFailed


def test_everything_is_measured_and_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: object, **keys: object) -> None:
            super().__init__(*arguments, **keys)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    run(requests=3, seconds=60)
    told = capsys.readouterr().out
    assert "3 requests and 3 streams each way" in told
    assert "stream, first event" in told
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_an_upstream_that_does_not_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(BenchFailed, match="the scripted upstream could not be started"):
        run(requests=1, seconds=1)


def test_a_gateway_that_does_not_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(config: object) -> None:
        raise GatewayFailed("the gateway exited with 1; its log:\nno room left")

    monkeypatch.setattr(command, "Gateway", broken)
    with pytest.raises(BenchFailed, match=r"^the gateway could not be started: no room left$"):
        run(requests=1, seconds=1)


def test_who_is_told_to_stop_leaves_nothing_behind() -> None:
    command = [sys.executable, "-m", "headgate", "bench", "--seconds", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as bench:
        started = _children_of(bench)
        bench.terminate()
        out, err = bench.communicate(timeout=30)
    assert (bench.returncode, out, err) == (143, b"", b"")
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def _children_of(process: "subprocess.Popen[bytes]") -> list[str]:
    """Upstream and gateway, once both run."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 30
    while len(children := listed.read_text().split()) < 2:
        assert time.monotonic() < deadline, "it starts nothing"
        time.sleep(0.01)
    return children
