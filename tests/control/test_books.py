"""What a running gateway books can be found by ids and by names, whatever they are called now."""

from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.control.test_injections import admin, listed
from tests.faults.caller import ask, question
from tests.faults.process import until

PRICE = {"m": {"input": 1, "output": 2}}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway({"server": {"host": "127.0.0.1"}}) as gateway:
        yield gateway
        log = gateway.log
    assert "Traceback" not in log, log


def _made(gateway: Gateway, path: str, body: dict[str, Any]) -> Any:
    status, made = admin(gateway, "POST", path, body)
    assert status == 201, made
    return made


def test_history_is_one_whatever_user_and_backend_are_called(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    user = _made(gateway, "/users", {"name": "alice"})
    where = {"base_url": upstream.url, "speaks": ["chat"], "models": ["m"], "prices": PRICE}
    backend = _made(gateway, "/backends", {"name": "east", **where})
    _made(gateway, "/permissions", {"user_id": user["id"], "backend_id": backend["id"]})

    def call() -> None:
        headers = {"x_api_key": user["api_key"], "x_session_id": "talk"}
        answered = ask(gateway.url, "chat", question("chat", "m"), **headers)
        assert answered.status == 200, answered

    call()
    assert admin(gateway, "PUT", f"/users/{user['id']}", {"name": "alicia"})[0] == 200
    assert admin(gateway, "PUT", f"/backends/{backend['id']}", {"name": "west"})[0] == 200
    call()
    until(lambda: listed(gateway) == 2)  # who was answered may ask before it is booked
    for name in ("alice", "alicia", user["id"]):
        assert listed(gateway, userId=name) == 2, name
    for name in ("east", "west", backend["id"]):
        assert listed(gateway, backendId=name) == 2, name
    for text in ("alic", "EAST", "wes", user["id"]):
        assert listed(gateway, q=text) == 2, text
    assert listed(gateway, session="talk") == 2
    assert listed(gateway, session="other") == listed(gateway, backendId="alice") == 0
    rows = admin(gateway, "GET", "/analytics/requests")[1]["rows"]
    assert [(row["user_name"], row["backend_name"]) for row in rows] == [
        ("alicia", "west"),
        ("alice", "east"),
    ]
    assert {(row["user_id"], row["backend_id"]) for row in rows} == {(user["id"], backend["id"])}
    _, one = admin(gateway, "GET", f"/requests/{rows[0]['id']}")
    assert (one["session"], one["attempt_rows"][0]["price_version"]) == ("talk", "own")
    [usage] = admin(gateway, "GET", "/analytics/usage?by=user&by=backend")[1]
    assert (usage["requests"], usage["user_name"], usage["backend_name"]) == (2, "alicia", "west")
    assert usage["cost_usd"] == pytest.approx(rows[0]["cost_usd"] + rows[1]["cost_usd"])
