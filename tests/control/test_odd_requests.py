"""The admin API as scripts ask it, with what a shell sends by itself."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import ask, question

KEY = "a-long-key-of-filed"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    users = [{"name": "filed", "api_key": KEY, "backends": "*"}]
    with ScriptedUpstream() as upstream:
        up = {"base_url": upstream.url, "speaks": ["chat"], "models": ["mock"]}
        with Gateway({"backends": {"up": up}, "users": users}) as gateway:
            yield gateway
            log = gateway.log
    assert "Traceback" not in log, log


@pytest.fixture(scope="module")
def admin(gateway: Gateway) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {gateway.admin_token}"}
    with httpx.Client(base_url=f"{gateway.url}/admin", headers=headers, timeout=30) as client:
        yield client


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_example_of_the_documentation_works_from_a_shell(gateway: Gateway) -> None:
    body = '{"name": "alice", "limits": {"requests_per_minute": 60}}'
    token = f"authorization: Bearer {gateway.admin_token}"
    command = ["curl", "-s", "-H", token, f"{gateway.url}/admin/users", "-d", body]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    made = json.loads(told.stdout)
    assert (made["name"], made["limits"]["requests_per_minute"]) == ("alice", 60)


def test_a_session_says_that_its_body_is_json(gateway: Gateway) -> None:
    with httpx.Client(base_url=f"{gateway.url}/admin", timeout=30) as browser:
        opened = browser.post("/auth/login", json={"token": gateway.admin_token}).json()
        headers = {"x-csrf-token": opened["csrf_token"], "content-type": "text/plain"}
        refused = browser.post("/users", content='{"name": "bob"}', headers=headers)
    assert (refused.status_code, "application/json" in refused.json()["error"]) == (400, True)


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "\x7f" * 201])
def test_a_name_that_cannot_be_seen_is_refused(admin: httpx.Client, name: str) -> None:
    refused = admin.post("/users", json={"name": name})
    assert (refused.status_code, refused.json()["error"][:5]) == (400, "name:")


@pytest.mark.parametrize("path", ["requests", "usage", "daily-totals", "latency"])
def test_a_period_may_end_when_the_calendar_does(
    gateway: Gateway, admin: httpx.Client, path: str
) -> None:
    assert ask(gateway.url, "chat", question("chat", "mock"), x_api_key=KEY).status == 200
    found: Any = admin.get(f"/analytics/{path}", params={"to": "9999-12-31"}).json()
    assert found["rows"] if path == "requests" else found
