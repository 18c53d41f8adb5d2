"""Recordings of a running gateway: a bug travels as one file, and the file tells the truth."""

import contextlib
import hashlib
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.model.recorded import Recorded
from headgate.testing import Gateway, ScriptedUpstream
from headgate.wire import stream_file
from tests.faults.caller import PATHS, Answer, Line, ask, question, request
from tests.faults.process import served, until
from tests.faults.serving import BACKEND_KEY, backend, model, over, serving

CALLERS = tuple(PATHS)
BACKENDS = ("chat", "messages", "responses", "gemini")
FAULTS: dict[str, dict[str, Any]] = {
    "broken": {"text": "Never to be finished", "disconnect_after": 3, "delay_ms": 5},
    "cut anywhere": {"text": "Grüße 🌍 to all", "chunk_bytes": 5, "disconnect_after": 4},
    "ended early": {"text": "Hello", "events": None, "error_after": 2},
    "refused": {"status": 429, "headers": {"retry-after": "7"}},
    "a page": {"garbage": True, "status": 502},
}


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    config["backends"]["secretive"] = backend(upstream.url, "chat", detail_logging=True)
    config["models"]["secretive"] = model("secretive")
    config["logging"] = {"record": "failures"}
    with serving(config) as gateway:
        yield gateway


def admin(gateway: Any, method: str, path: str) -> tuple[int, bytes]:
    asking = urllib.request.Request(
        f"{gateway.url}/admin/requests/{path}",
        None,
        {"authorization": f"Bearer {gateway.admin_token}"},
        method=method,
    )
    try:
        with urllib.request.urlopen(asking, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def file_of(gateway: Any, answer: Answer) -> bytes:
    """The recording, once the exchange is over to its last connection."""

    def look() -> bytes | None:
        status, data = admin(gateway, "GET", f"{answer.id}/stream")
        return data if status == 200 else None

    found: bytes = until(look)
    return found


def recorded(gateway: Any, answer: Answer) -> Recorded:
    recorded = stream_file.read(file_of(gateway, answer))
    assert stream_file.problems_of(recorded) == []
    assert recorded.delivered is not None
    assert recorded.delivered.sha256 == hashlib.sha256(answer.body).hexdigest()
    return recorded


def headgate(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "headgate", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment or None
    )


@contextlib.contextmanager
def replaying(path: Path, *arguments: str) -> Iterator[str]:
    """`headgate replay` over the file, and its address."""
    command = [sys.executable, "-m", "headgate", "replay", str(path), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        yield found[0]
        process.terminate()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("speaks", BACKENDS)
@pytest.mark.parametrize("caller", CALLERS)
def test_a_recorded_failure_gives_its_caller_the_same_again(
    gateway: Gateway,
    upstream: ScriptedUpstream,
    caller: str,
    speaks: str,
    fault: str,
    stream: bool,
) -> None:
    script = {key: value for key, value in FAULTS[fault].items() if value is not None}
    upstream.script(script)
    answer = ask(gateway.url, caller, question(caller, speaks, stream=stream))
    kept = recorded(gateway, answer)
    assert kept.exchange.request is None
    status, body = admin(gateway, "POST", f"{answer.id}/replay")
    told = json.loads(body)
    assert (status, told["differences"]) == (200, [])
    assert told["now"]["body"] == answer.body.decode()
    assert told["now"]["status"] == answer.status


def test_a_recorded_failure_replayed_has_the_same_bytes_cuts_and_ending(
    gateway: Gateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(text="Grüße 🌍", chunk_bytes=50, disconnect_after=3, delay_ms=2)
    answer = ask(gateway.url, "chat", question("chat", "chat"))
    kept = recorded(gateway, answer)
    path = tmp_path / f"{answer.id}.stream"
    path.write_bytes(file_of(gateway, answer))
    [attempt] = kept.attempts
    pieces = [piece.data for piece in attempt.pieces]
    with replaying(path) as url, Line(url) as line:
        line.send(request("/any/path", b"{}"))
        status, headers = line.head()
        assert (status, headers["content-type"]) == (200, "text/event-stream")
        assert line.rest() == "broken"
    assert line.chunks == pieces
    with replaying(path, "--speed", "0") as url:
        again = {"chat": backend(url, "chat")}
        with serving({"backends": again, "models": {"chat": model("chat")}}) as other:
            assert ask(other.url, "chat", question("chat", "chat")).body == answer.body


def test_what_went_well_is_not_kept(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    answer = ask(gateway.url, "chat", question("chat", "chat"))
    status, body = admin(gateway, "GET", f"{answer.id}/stream")
    assert (status, "no recording" in json.loads(body)["error"]) == (404, True)
    assert admin(gateway, "POST", f"{answer.id}/replay")[0] == 404
    assert admin(gateway, "GET", "..%2f..%2fheadgate/stream")[0] == 404


def test_no_secret_is_in_a_recording(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    shown = "hg-shown-by-the-caller-0123456789"
    said = f"keys: {BACKEND_KEY} {shown} sk-ant-0123456789abcdefghij"
    upstream.script(status=500, json={"error": {"message": said}})
    body = question("chat", "secretive", messages=[{"role": "user", "content": said}])
    answer = ask(gateway.url, "chat", body, authorization=f"Bearer {shown}", cookie="s=of-caller")
    file = file_of(gateway, answer).decode()
    assert '"request":"' in file
    for secret in (BACKEND_KEY, shown, "sk-ant-0123", "of-caller"):
        assert secret not in file


def test_verify_says_whether_the_caller_got_what_the_recording_gives(
    gateway: Gateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(text="Never to be finished", disconnect_after=3)
    answer = ask(gateway.url, "messages", question("messages", "chat"))
    file = file_of(gateway, answer)
    access = ("--url", gateway.url, "--token", gateway.admin_token)
    ran = headgate("verify", answer.id, *access)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert hashlib.sha256(answer.body).hexdigest() in ran.stdout
    path = tmp_path / "changed.stream"
    for data, code in ((file, 0), (file.replace(b"to", b"ot", 1), 1), (file[:-20], 1)):
        path.write_bytes(data)
        ran = headgate("verify", str(path))
        assert (ran.returncode, "Traceback" in ran.stderr) == (code, False)
    kept = gateway.data / "recordings" / f"{answer.id}.stream"
    kept.write_bytes(file[: len(file) // 2])
    ran = headgate("verify", answer.id, *access)
    assert ran.returncode == 1
    assert "cut off at byte" in ran.stderr
    assert headgate("verify", "req_unknown", *access).returncode == 1


def test_the_budget_of_all_recordings_holds(upstream: ScriptedUpstream) -> None:
    config = over(upstream.url)
    config["logging"] = {"record": "all", "record_budget": "20kB"}
    with serving(config) as gateway:
        answers = [ask(gateway.url, "chat", question("chat", "chat")) for _ in range(20)]
        file_of(gateway, answers[-1])
        folder = gateway.data / "recordings"
        sizes = [path.stat().st_size for path in folder.glob("*.stream")]
        assert 0 < sum(sizes) <= 20_000
        assert len(sizes) < len(answers)
        assert admin(gateway, "GET", f"{answers[0].id}/stream")[0] == 404


def test_a_gateway_that_is_killed_leaves_no_half_of_a_recording(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    config = over(upstream.url)
    config["logging"] = {"record": "all"}
    with served(tmp_path, config) as serves:
        whole = ask(serves.url, "chat", question("chat", "chat"))
        file_of(serves, whole)
        upstream.script(text="one two three", stall_after=2)
        with Line(serves.url) as line:
            line.send(request(PATHS["chat"], question("chat", "chat")))
            _, headers = line.head()
            line.until(b"one")
            serves.signal(signal.SIGKILL)
    names = {path.name for path in (serves.data / "recordings").iterdir()}
    assert names == {f"{whole.id}.stream"}
    with served(tmp_path, config) as serves:
        assert admin(serves, "GET", f"{headers['x-request-id']}/stream")[0] == 404
        assert recorded(serves, whole).delivered is not None
