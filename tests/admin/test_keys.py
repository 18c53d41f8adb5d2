from typing import Any

import httpx2
import pytest

from tests.admin.conftest import AT, World

SCOPES = {
    "backends": ["b1"],
    "models": ["gpt-*"],
    "paths": ["/v1/chat/*"],
    "cidrs": ["10.0.0.0/8", "::1"],
}


@pytest.fixture
async def keys(admin: httpx2.AsyncClient) -> str:
    """The path of a new user's keys."""
    answered = await admin.post("/admin/users", json={"name": "alice"})
    return f"/admin/users/{answered.json()['id']}/keys"


async def test_a_further_key_has_scopes_and_an_end_and_is_shown_once(
    admin: httpx2.AsyncClient, world: World, keys: str
) -> None:
    body = {**SCOPES, "expires_at": "2023-11-15T22:13:20Z"}
    answered = await admin.post(keys, json=body)
    assert answered.status_code == 201
    key = answered.json()
    text = key.pop("api_key")
    assert text.startswith("hg-")
    assert {name: key[name] for name in SCOPES} == SCOPES
    assert key["expires_at"] == "2023-11-15T22:13:20.000Z"
    assert key["hint"] == text[-4:]
    assert "digest" not in key
    first, second = (await admin.get(keys)).json()
    assert second == key
    assert (first["expires_at"], first["models"]) == (None, None)
    assert world.rows.keys[key["id"]].expires_at == AT + 86_400
    assert world.changes == 2
    assert text not in repr(world.rows.audit)


LIMITS = {"requests_per_minute": 3, "budget_usd": 1.5, "budget_period": "day"}
NONE = dict.fromkeys(
    (
        "requests_per_minute",
        "tokens_per_minute",
        "requests_per_day",
        "tokens_per_day",
        "concurrent",
        "budget_usd",
    )
) | {"budget_period": "month"}


async def test_a_key_may_have_limits_and_they_are_shown(
    admin: httpx2.AsyncClient, world: World, keys: str
) -> None:
    key = (await admin.post(keys, json={"limits": LIMITS})).json()
    assert key["limits"] == {**NONE, **LIMITS}
    first, second = (await admin.get(keys)).json()
    assert (first["limits"], second["limits"]) == (NONE, {**NONE, **LIMITS})
    assert world.rows.keys[key["id"]].limits.budget_usd == 1.5


async def test_a_change_touches_the_given_fields_of_a_key_only(
    admin: httpx2.AsyncClient, world: World, keys: str
) -> None:
    key = (await admin.post(keys, json={**SCOPES, "limits": LIMITS})).json()
    path = f"{keys}/{key['id']}"
    del key["api_key"]
    changed = await admin.put(path, json={"limits": {"concurrent": 2}})
    assert (changed.status_code, changed.json()) == (
        200,
        {**key, "limits": {**NONE, "concurrent": 2}},
    )
    changed = await admin.put(path, json={"limits": None, "models": None, "paths": ["/v1/*"]})
    assert changed.json() == {**key, "limits": NONE, "models": None, "paths": ["/v1/*"]}
    assert (await admin.put(path, json={"expires_at": "2023-11-14T22:13:20Z"})).status_code == 400
    assert [row.action for row in world.rows.audit][-2:] == ["key.change", "key.change"]
    assert world.rows.audit[-1].detail["fields"] == ["limits", "models", "paths"]


async def test_what_is_no_key_of_the_users_or_was_revoked_is_not_changed(
    admin: httpx2.AsyncClient, keys: str
) -> None:
    [key] = (await admin.get(keys)).json()
    assert (await admin.put(f"{keys}/nothing", json={})).status_code == 404
    assert (await admin.put("/admin/users/filer/keys/k", json={})).status_code == 409
    await admin.delete(f"{keys}/{key['id']}")
    assert (await admin.put(f"{keys}/{key['id']}", json={})).status_code == 409


async def test_a_key_is_revoked_once_and_stays_in_the_list(
    admin: httpx2.AsyncClient, keys: str, world: World
) -> None:
    [key] = (await admin.get(keys)).json()
    assert (await admin.delete(f"{keys}/{key['id']}")).status_code == 204
    assert (await admin.delete(f"{keys}/{key['id']}")).status_code == 404
    assert (await admin.get(keys)).json()[0]["revoked_at"] == "2023-11-14T22:13:20.000Z"
    assert [row.action for row in world.rows.audit] == ["user.create", "key.revoke"]


async def test_another_users_key_is_not_there(admin: httpx2.AsyncClient, keys: str) -> None:
    other = (await admin.post("/admin/users", json={"name": "bob"})).json()
    [key] = (await admin.get(keys)).json()
    answered = await admin.delete(f"/admin/users/{other['id']}/keys/{key['id']}")
    assert answered.status_code == 404
    assert (await admin.get(keys)).json()[0]["revoked_at"] is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"api_key": "short"}, "api_key"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": 1.5}, "expires_at"),
        ({"expires_at": "2023-11-14T22:13:20Z"}, "expires_at"),
        ({"cidrs": ["10.0.0.0/40"]}, "cidrs"),
        ({"models": []}, "models"),
        ({"scopes": ["*"]}, "scopes"),
        ({"limits": {"concurrent": 0}}, "limits.concurrent"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, keys: str, body: dict[str, Any], named: str
) -> None:
    answered = await admin.post(keys, json=body)
    assert answered.status_code == 400
    assert answered.json()["error"].startswith(named)


async def test_the_files_users_have_their_keys_in_the_file(admin: httpx2.AsyncClient) -> None:
    assert (await admin.get("/admin/users/filer/keys")).json() == []
    assert (await admin.post("/admin/users/filer/keys", json={})).status_code == 409
    assert (await admin.delete("/admin/users/filer/keys/k")).status_code == 409


async def test_nobody_has_no_keys(admin: httpx2.AsyncClient) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/k")):
        answered = await admin.request(method, f"/admin/users/nobody/keys{path}", json={})
        assert answered.status_code == 404
