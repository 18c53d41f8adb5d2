"""Keys on a running gateway: their scopes, limits and rotation, and what is kept of secrets."""

import json
import time
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.control.test_admin_api import admin
from tests.faults.caller import Answer, ask, question

FILED = "a-long-key-of-filed"
WITHIN_S = 20.0
PRICES = {"*": {"input": 100_000.0, "output": 100_000.0}}
"""Dollars for a million tokens: a short answer costs some tenths of a dollar."""


@pytest.fixture(scope="module")
def gateways(
    upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Gateway]]:
    """Two workers on one database."""
    folder = tmp_path_factory.mktemp("shared")
    up = {"base_url": upstream.url, "speaks": ["chat"], "models": ["mock"], "prices": PRICES}
    config = {
        "database": f"sqlite:///{folder}/shared.db",
        "backends": {"up": up, "other": up},
        "users": [{"name": "filed", "api_key": FILED, "backends": "*"}],
    }
    env = {"HEADGATE_SECRET_KEY": "a secret key that two share"}
    both = [Gateway(config, env=env) for _ in range(2)]
    try:
        yield both
    finally:
        logs = [(one.stop(), one.log)[1] for one in both]
    assert all("Traceback" not in log for log in logs), logs


@pytest.fixture
def gateway(gateways: list[Gateway]) -> Gateway:
    return gateways[0]


@pytest.fixture
def user(gateway: Gateway, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A new user who may use a backend, with a key."""
    made: dict[str, Any] = admin(gateway, "POST", "/users", {"name": request.node.name})
    admin(gateway, "POST", "/permissions", {"user_id": made["id"], "backend_id": "up"})
    return made


def put(gateway: Gateway, key: str) -> Answer:
    return ask(gateway.url, "chat", question("chat", "mock", stream=False), x_api_key=key)


def key_of(gateway: Gateway, user: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = admin(gateway, "POST", f"/users/{user['id']}/keys", fields)
    return made


SCOPES: tuple[tuple[dict[str, Any], int], ...] = (
    ({}, 200),
    ({"backends": ["up"]}, 200),
    ({"backends": ["other"]}, 403),
    ({"models": ["mo*"]}, 200),
    ({"models": ["gpt-*"]}, 404),
    ({"paths": ["/v1/chat/*"]}, 200),
    ({"paths": ["/v1/messages"]}, 403),
    ({"cidrs": ["127.0.0.0/8", "10.0.0.0/8"]}, 200),
    ({"cidrs": ["10.0.0.0/8"]}, 403),
)


@pytest.mark.parametrize(("scope", "status"), SCOPES)
def test_a_key_is_good_for_its_scope_at_the_very_next_request(
    gateway: Gateway, user: dict[str, Any], scope: dict[str, Any], status: int
) -> None:
    key = key_of(gateway, user, **scope)
    assert put(gateway, key["api_key"]).status == status
    path = f"/users/{user['id']}/keys/{key['id']}"
    admin(gateway, "PUT", path, dict.fromkeys(scope))
    assert put(gateway, key["api_key"]).status == 200
    admin(gateway, "PUT", path, scope)
    assert put(gateway, key["api_key"]).status == status


def test_a_key_is_held_to_its_own_limits_beside_the_users(
    gateway: Gateway, user: dict[str, Any]
) -> None:
    admin(gateway, "PUT", f"/users/{user['id']}", {"limits": {"requests_per_minute": 3}})
    tight = key_of(gateway, user, limits={"requests_per_minute": 1})["api_key"]
    wide = key_of(gateway, user, limits={"requests_per_minute": 100})["api_key"]
    told = put(gateway, tight)
    assert (told.status, told.headers["x-ratelimit-limit-requests"]) == (200, "1")
    refused = put(gateway, tight)
    assert refused.status == 429
    assert "this key may use 1 requests a minute" in refused.json["error"]["message"]
    assert put(gateway, wide).headers["x-ratelimit-remaining-requests"] == "1"
    assert put(gateway, wide).status == 200
    refused = put(gateway, wide)
    assert refused.status == 429
    assert "this user may use 3 requests a minute" in refused.json["error"]["message"]
    assert int(refused.headers["retry-after"]) <= 20


def test_the_budget_of_a_key_is_used_up_by_what_it_spent_wherever_it_was_spent(
    gateways: list[Gateway], user: dict[str, Any]
) -> None:
    one, other = gateways
    key = key_of(one, user, limits={"budget_usd": 0.1, "budget_period": "total"})
    assert put(one, key["api_key"]).status == 200
    spent = put(one, key["api_key"])
    assert (spent.status, spent.json["error"]["code"]) == (429, "insufficient_quota")
    assert spent.json["error"]["message"] == "The budget of this key, 0.1 USD in all, is used up."
    # The other process asks the books at the first request with this key.
    admin(one, "GET", "/analytics/requests?limit=1")
    _soon(lambda: put(other, key["api_key"]).status == 429)
    assert put(one, user["api_key"]).status == 200


def test_a_change_is_in_force_here_at_once_and_elsewhere_soon(
    gateways: list[Gateway], user: dict[str, Any]
) -> None:
    one, other = gateways
    key = key_of(one, user)
    path = f"/users/{user['id']}/keys/{key['id']}"
    _soon(lambda: put(other, key["api_key"]).status == 200)
    admin(one, "PUT", path, {"models": ["nothing"]})
    assert put(one, key["api_key"]).status == 404
    _soon(lambda: put(other, key["api_key"]).status == 404)
    admin(one, "DELETE", path)
    assert put(one, key["api_key"]).status == 401
    _soon(lambda: put(other, key["api_key"]).status == 401)


def test_a_rotated_key_goes_on_for_its_overlap_and_not_longer(
    gateway: Gateway, user: dict[str, Any]
) -> None:
    path = f"/users/{user['id']}/regenerate-api-key"
    overlapping = admin(gateway, "POST", path, {"overlap_s": 600})["api_key"]
    assert [put(gateway, key).status for key in (user["api_key"], overlapping)] == [200, 200]
    last = admin(gateway, "POST", path, {"overlap_s": 1})["api_key"]
    _soon(lambda: put(gateway, overlapping).status == 401)
    assert put(gateway, user["api_key"]).status == 401
    assert put(gateway, last).status == 200


def test_when_a_key_was_last_used_is_shown(gateway: Gateway, user: dict[str, Any]) -> None:
    path = f"/users/{user['id']}/keys"
    assert [key["last_used_at"] for key in admin(gateway, "GET", path)] == [None]
    put(gateway, user["api_key"])
    _soon(lambda: admin(gateway, "GET", path)[0]["last_used_at"] is not None)


@pytest.mark.parametrize("where", ["user", "key"])
def test_the_key_of_a_user_of_the_file_cannot_be_given_again(
    gateway: Gateway, user: dict[str, Any], where: str
) -> None:
    body: dict[str, Any] = {"api_key": FILED}
    path = f"/users/{user['id']}/keys"
    if where == "user":
        body, path = {**body, "name": "thief"}, "/users"
    with pytest.raises(urllib.error.HTTPError) as refused:
        admin(gateway, "POST", path, body)
    with refused.value as answer:
        assert (answer.code, json.load(answer)) == (409, {"error": "this key is in use already"})


def test_secrets_of_a_backend_are_used_and_never_shown(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    secret = "canary-in-a-header-0123456789"
    body = {
        "name": "headed",
        "base_url": upstream.url,
        "speaks": ["chat"],
        "models": ["headed"],
        "headers": {"x-secret": secret},
    }
    made = admin(gateway, "POST", "/backends", body)
    assert made["headers"] == {"x-secret": "***"}
    admin(gateway, "POST", "/permissions", {"user_id": "filed", "backend_id": made["id"]})
    upstream.reset()
    answer = ask(gateway.url, "chat", question("chat", "headed"), x_api_key=FILED)
    assert answer.status == 200
    assert upstream.requests("POST")[-1]["headers"]["x-secret"] == secret
    shown = json.dumps([admin(gateway, "GET", "/backends"), admin(gateway, "GET", "/audit")])
    assert secret not in shown + gateway.log


def test_a_renamed_backend_serves_its_models_and_a_removed_one_is_named(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    new = {"name": "moving", "base_url": upstream.url, "speaks": ["chat"], "models": ["there"]}
    backend = admin(gateway, "POST", "/backends", new)
    targets = [{"backend": "moving", "model": "there"}]
    model = admin(gateway, "POST", "/models", {"name": "routed", "targets": targets})
    admin(gateway, "PUT", f"/backends/{backend['id']}", {"name": "moved"})
    shown = admin(gateway, "GET", f"/models/{model['id']}")
    assert (shown["targets"][0]["backend"], shown["unresolved_backends"]) == ("moved", [])
    assert ask(gateway.url, "chat", question("chat", "routed"), x_api_key=FILED).status == 200
    admin(gateway, "DELETE", f"/backends/{backend['id']}")
    shown = admin(gateway, "GET", f"/models/{model['id']}")
    assert shown["unresolved_backends"] == ["moved"]
    assert ask(gateway.url, "chat", question("chat", "routed"), x_api_key=FILED).status == 404


def _soon(true: Any) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
