"""A gateway in its own process, as users' tests run it: a stand-in's, and the real one."""

import http.client
import os
import pathlib
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from headgate.testing import Gateway, GatewayFailed, ScriptedUpstream
from headgate.wire import json_text

STAND_IN = (sys.executable, str(pathlib.Path(__file__).with_name("stand_in.py")))


def ask(gateway: Gateway, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A JSON request: its status and JSON."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
    data = None if body is None else json_text.encode(body)
    connection.request(method, path, data, headers={"content-type": "application/json", **headers})
    answer = connection.getresponse()
    status, text = answer.status, answer.read()
    connection.close()
    return status, json_text.decode(text)


def test_the_program_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_CONFIG", "/none.yaml")
    monkeypatch.setenv("DETAIL_STREAM_LOG_MODE", "raw")
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with Gateway({"server": {"drain": "1s"}}, env={"MARK": "x"}, program=STAND_IN) as gateway:
        _, told = ask(gateway, "GET", "/")
        assert told["command"] == "serve"
        assert told["config"] == "server:\n  drain: 1s\n"
        assert told["options"]["--data"] == str(gateway.data)
        assert told["options"]["--port"] == "0"
        assert told["env"]["MARK"] == "x"
        assert told["env"]["HEADGATE_ADMIN_TOKEN"] == gateway.admin_token
        assert "HEADGATE_CONFIG" not in told["env"]
        assert "DETAIL_STREAM_LOG_MODE" not in told["env"]
        assert told["env"]["SOME_API_KEY"] == "secret"
        assert gateway.exit_code is None


def test_without_a_configuration_no_providers_key_makes_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with Gateway(program=STAND_IN) as gateway:
        _, told = ask(gateway, "GET", "/")
        assert "--config" not in told["options"]
        assert "SOME_API_KEY" not in told["env"]


def test_stopping_leaves_nothing_but_the_log() -> None:
    gateway = Gateway(program=STAND_IN)
    assert "the stand-in speaks" in gateway.log
    assert gateway.stop() == gateway.stop() == gateway.exit_code == -signal.SIGTERM
    assert not gateway.data.parent.exists()
    assert gateway.log.startswith("the stand-in speaks\n")


def test_a_gateway_that_does_not_stop_is_killed() -> None:
    gateway = Gateway("deaf: true", program=STAND_IN)
    assert gateway.stop(grace_s=0.0) == -signal.SIGKILL


def test_what_fails_to_start_shows_its_log() -> None:
    with pytest.raises(GatewayFailed, match=r"exited with 3; its log:\nthe stand-in speaks"):
        Gateway("broken: true", program=STAND_IN)


def test_what_is_never_ready_is_stopped() -> None:
    with pytest.raises(GatewayFailed, match=r"was not ready in 0\.5 s; its log"):
        Gateway("late: true", program=STAND_IN, ready_timeout_s=0.5)


def test_a_program_that_does_not_exist_is_named() -> None:
    with pytest.raises(GatewayFailed, match=r"^cannot run /no/such/program: No such file"):
        Gateway(program=["/no/such/program"])


def test_a_killed_gateway_is_seen() -> None:
    gateway = Gateway(program=STAND_IN)
    os.kill(gateway.pid, signal.SIGKILL)
    assert gateway.stop() == -signal.SIGKILL


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


def config(upstream: ScriptedUpstream, model: str) -> dict[str, Any]:
    backend = {"base_url": upstream.url, "speaks": ["chat"], "api_key": "k", "models": ["mock"]}
    target = {"backend": "up", "model": "mock"}
    return {"backends": {"up": backend}, "models": {model: {"targets": [target]}}}


def chat(gateway: Gateway, model: str) -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": "one two"}]}
    return ask(gateway, "POST", "/v1/chat/completions", body)


def test_the_real_one_serves_its_configuration_and_the_next(upstream: ScriptedUpstream) -> None:
    with Gateway(config(upstream, "old")) as gateway:
        status, reply = chat(gateway, "old")
        assert (status, reply["choices"][0]["message"]["content"]) == (200, "one two")
        assert chat(gateway, "new")[0] == 404
        gateway.reload(config(upstream, "new"))
        deadline_s = time.monotonic() + 20
        while chat(gateway, "new")[0] != 200:
            assert time.monotonic() < deadline_s, gateway.log


def test_the_real_ones_admin_api_opens_with_its_token(
    headgate_gateway: Callable[..., Gateway],
) -> None:
    gateway = headgate_gateway()
    token = f"Bearer {gateway.admin_token}"
    assert ask(gateway, "GET", "/admin/backends", authorization=token)[0] == 200
    assert ask(gateway, "GET", "/admin/backends", authorization="Bearer wrong")[0] == 401


def test_the_real_one_needs_no_configuration(headgate_gateway: Callable[..., Gateway]) -> None:
    assert chat(headgate_gateway(), "mock")[0] == 200


def test_the_real_one_says_what_is_wrong_with_its_configuration() -> None:
    with pytest.raises(GatewayFailed, match=r"exited with 1; its log:\n.*no_such_key"):
        Gateway("no_such_key: 1\n")


def test_its_token_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda size: b"\xfb" * size)
    assert secrets.token_urlsafe(1).startswith("-")
    with Gateway() as gateway:
        assert gateway.admin_token.isalnum()
