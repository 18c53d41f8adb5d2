from typing import Any

import httpx2
import pytest

from headgate.model.limits import Limits
from tests.admin.conftest import AT, World

USERS = "/admin/users"


async def made(admin: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    answered = await admin.post(USERS, json={"name": "alice", **fields})
    assert answered.status_code == 201, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def test_a_new_user_has_an_id_a_name_and_a_key_shown_once(
    admin: httpx2.AsyncClient, world: World
) -> None:
    user = await made(admin, email="a@b.test", limits={"concurrent": 2}, models=["fast"])
    assert (user["name"], user["email"], user["models"]) == ("alice", "a@b.test", ["fast"])
    assert (user["is_active"], user["detail_logging"], user["source"]) == (True, False, "database")
    assert user["limits"]["concurrent"] == 2
    assert user["api_key"].startswith("hg-")
    assert user["key_hint"] == user["api_key"][-4:]
    assert user["created_at"] == "2023-11-14T22:13:20.000Z"
    shown = (await admin.get(f"{USERS}/{user['id']}")).json()
    assert shown == {name: value for name, value in user.items() if name != "api_key"}
    assert world.changes == 1


async def test_the_list_is_an_array_with_the_files_users_first(admin: httpx2.AsyncClient) -> None:
    await made(admin)
    listed = (await admin.get(USERS)).json()
    assert [(user["name"], user["source"]) for user in listed] == [
        ("filer", "file"),
        ("alice", "database"),
    ]
    assert "api_key" not in (await admin.get(USERS)).text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x", "nonsense": 1}, "nonsense"),
        ({"name": "x", "is_active": "yes"}, "is_active"),
        ({"name": "x", "is_active": None}, "is_active"),
        ({"name": "x", "limits": {"concurrent": 0}}, "limits.concurrent"),
        ({"name": "x", "limits": {"requests_per_hour": 1}}, "limits.requests_per_hour"),
        ({"name": "x", "limits": {"budget_period": "year"}}, "limits.budget_period"),
        ({"name": "x", "api_key": "short"}, "api_key"),
        ({"name": "x", "api_key": "has a space in it, which no header takes"}, "api_key"),
        ({"name": "x", "models": "fast"}, "models"),
        ([], "body"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, world: World, body: Any, named: str
) -> None:
    answered = await admin.post(USERS, json=body)
    assert answered.status_code == 400
    assert answered.json()["error"].startswith(named)
    assert not world.rows.users
    assert world.changes == 0


async def test_a_body_that_is_no_json_is_a_400(admin: httpx2.AsyncClient) -> None:
    for content in (b"{", b"\xff", b"[" * 100_000, b'{"name": NaN}', b'{"name": "\\ud800"}'):
        headers = {"content-type": "application/json"}
        answered = await admin.post(USERS, content=content, headers=headers)
        assert answered.status_code == 400, content[:20]


@pytest.mark.parametrize("name", ["alice", "filer"])
async def test_a_name_that_is_taken_is_a_409(admin: httpx2.AsyncClient, name: str) -> None:
    await made(admin)
    other = await made(admin, name="other")
    for answered in (
        await admin.post(USERS, json={"name": name}),
        await admin.put(f"{USERS}/{other['id']}", json={"name": name}),
    ):
        assert answered.status_code == 409
        assert f"a user named '{name}' exists already" in answered.json()["error"]


async def test_a_change_touches_the_given_fields_only(
    admin: httpx2.AsyncClient, world: World
) -> None:
    user = await made(admin, email="a@b.test", limits={"concurrent": 2}, models=["fast"])
    answered = await admin.put(f"{USERS}/{user['id']}", json={"is_active": False})
    assert answered.status_code == 200
    del user["api_key"]
    assert answered.json() == {**user, "is_active": False}
    answered = await admin.put(f"{USERS}/{user['id']}", json={"limits": None, "models": None})
    assert answered.json()["models"] is None
    assert world.rows.users[user["id"]].limits == Limits()
    assert world.changes == 3


async def test_a_removed_user_is_gone_with_the_permissions(
    admin: httpx2.AsyncClient, world: World
) -> None:
    user = await made(admin)
    body = {"user_id": user["id"], "backend_id": "filed"}
    assert (await admin.post("/admin/permissions", json=body)).status_code == 201
    answered = await admin.delete(f"{USERS}/{user['id']}")
    assert (answered.status_code, answered.content) == (204, b"")
    assert not world.rows.permissions
    for method in ("GET", "PUT", "DELETE"):
        again = await admin.request(method, f"{USERS}/{user['id']}", json={})
        assert (again.status_code, again.json()) == (404, {"error": "Not found"})


async def test_what_the_file_defines_is_shown_and_never_changed(
    admin: httpx2.AsyncClient, world: World
) -> None:
    assert (await admin.get(f"{USERS}/filer")).json()["source"] == "file"
    for answered in (
        await admin.put(f"{USERS}/filer", json={"is_active": False}),
        await admin.delete(f"{USERS}/filer"),
        await admin.post(f"{USERS}/filer/regenerate-api-key"),
    ):
        assert answered.status_code == 409
        assert "configuration's file" in answered.json()["error"]
    assert world.changes == 0


async def test_a_new_key_ends_the_old_ones_at_once_or_after_an_overlap(
    admin: httpx2.AsyncClient, world: World
) -> None:
    user = await made(admin)
    path = f"{USERS}/{user['id']}/regenerate-api-key"
    first = (await admin.post(path)).json()
    assert first["api_key"] != user["api_key"]
    assert first["key_hint"] == first["api_key"][-4:]
    second = await admin.post(path, json={"overlap_s": 60})
    assert second.status_code == 200
    old, middle, new = world.rows.keys.values()
    assert (old.revoked_at, middle.revoked_at, new.revoked_at) == (AT, None, None)
    assert (middle.expires_at, new.expires_at) == (AT + 60, None)
    assert (await admin.post(path, json={"overlap_s": -1})).status_code == 400
    assert (await admin.post(f"{USERS}/nobody/regenerate-api-key")).status_code == 404


async def test_a_key_of_ones_own_is_taken_once(admin: httpx2.AsyncClient) -> None:
    own = "my-own-key-that-is-long-enough"
    assert (await made(admin, api_key=own))["api_key"] == own
    answered = await admin.post(USERS, json={"name": "bob", "api_key": own})
    assert (answered.status_code, answered.json()) == (409, {"error": "this key is in use already"})


async def test_every_write_is_noted_and_no_key_stands_there(
    admin: httpx2.AsyncClient, world: World
) -> None:
    user = await made(admin)
    await admin.put(f"{USERS}/{user['id']}", json={"email": "a@b.test"})
    await admin.post(f"{USERS}/{user['id']}/regenerate-api-key")
    await admin.delete(f"{USERS}/{user['id']}")
    assert [(row.actor, row.action, row.subject) for row in world.rows.audit] == [
        ("admin", "user.create", user["id"]),
        ("admin", "user.change", user["id"]),
        ("admin", "user.regenerate_key", user["id"]),
        ("admin", "user.delete", user["id"]),
    ]
    assert user["api_key"] not in repr(world.rows.audit)
