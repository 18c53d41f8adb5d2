"""The admin API on a running gateway: what it writes is in force for the very next request."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import stored
from tests.faults.caller import ask, get, question

CANARY = "sk-canary-of-the-backend-0123456789"


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    up = {"base_url": upstream.url, "speaks": ["chat"], "models": ["mock"]}
    users = [{"name": "filed", "api_key": "a-long-key-of-filed", "backends": "*"}]
    with Gateway({"backends": {"up": up}, "users": users}) as gateway:
        yield gateway
        log = gateway.log
    assert "Traceback" not in log, log
    assert CANARY not in log


def admin(gateway: Gateway, method: str, path: str, body: Any = None) -> Any:
    """What the admin API answers; it must be a success."""
    request = urllib.request.Request(
        f"{gateway.url}/admin{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {gateway.admin_token}", "content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=15) as answer:
        return json.loads(answer.read() or b"null")


def status(gateway: Gateway, key: str, model: str = "mock") -> int:
    return ask(gateway.url, "chat", question("chat", model), x_api_key=key).status


def test_a_users_whole_life_takes_effect_with_each_request(gateway: Gateway) -> None:
    user = admin(gateway, "POST", "/users", {"name": "alice"})
    key = user["api_key"]
    assert status(gateway, key) == 403
    admin(gateway, "POST", "/permissions", {"user_id": user["id"], "backend_id": "up"})
    assert status(gateway, key) == 200
    renewed = admin(gateway, "POST", f"/users/{user['id']}/regenerate-api-key")["api_key"]
    assert (status(gateway, key), status(gateway, renewed)) == (401, 200)
    admin(gateway, "PUT", f"/users/{user['id']}", {"limits": {"requests_per_minute": 1}})
    assert (status(gateway, renewed), status(gateway, renewed)) == (200, 429)
    admin(gateway, "DELETE", f"/users/{user['id']}")
    assert status(gateway, renewed) == 401


def test_a_backends_key_reaches_the_backend_and_nobody_else(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    body = {"name": "kept", "base_url": upstream.url, "api_key": CANARY, "models": ["own"]}
    made = admin(gateway, "POST", "/backends", {**body, "speaks": ["chat"]})
    assert made["has_api_key"]
    assert CANARY not in json.dumps([made, admin(gateway, "GET", "/backends")])
    upstream.reset()
    assert status(gateway, "a-long-key-of-filed", "own") == 200
    assert upstream.requests()[-1]["headers"]["authorization"] == f"Bearer {CANARY}"
    assert CANARY.encode() not in stored(gateway.data)


def test_the_files_rows_stand_beside_the_databases(gateway: Gateway) -> None:
    sources = {row["name"]: row["source"] for row in admin(gateway, "GET", "/backends")}
    assert sources["up"] == "file"
    listed = get(gateway.url, "/v1/models", x_api_key="a-long-key-of-filed")
    assert "mock" in [entry["id"] for entry in listed.json["data"]]


def test_the_file_is_read_again_when_the_api_or_a_signal_says_so(
    upstream: ScriptedUpstream,
) -> None:
    def config(model: str) -> dict[str, Any]:
        up = {"base_url": upstream.url, "speaks": ["chat"], "models": [model]}
        return {"backends": {"up": up}}

    class Quiet(Gateway):
        """Its file changes without a word."""

        def write(self, config: dict[str, Any]) -> None:
            self._config_path.write_text(json.dumps(config))

    with Quiet(config("one")) as gateway:
        assert status(gateway, "", "one") == 200
        gateway.write(config("two"))
        assert status(gateway, "", "two") == 404
        assert admin(gateway, "POST", "/reload") == {"status": "ok"}
        assert status(gateway, "", "two") == 200
        gateway._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while "was reloaded" not in gateway.log:
            assert time.monotonic() < deadline
            time.sleep(0.02)
