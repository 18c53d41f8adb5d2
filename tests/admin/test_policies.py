from typing import Any

import httpx2
import pytest

from tests.admin.conftest import World

POLICIES = "/admin/policies"


async def made(admin: httpx2.AsyncClient, policy: str = "tag", **fields: Any) -> dict[str, Any]:
    answered = await admin.post(POLICIES, json={"policy": policy, **fields})
    assert answered.status_code == 201, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def chain(admin: httpx2.AsyncClient) -> list[str]:
    return [row["policy"] for row in (await admin.get(POLICIES)).json()]


async def test_an_entry_has_the_keys_of_the_file_and_joins_at_the_end(
    admin: httpx2.AsyncClient, world: World
) -> None:
    first = await made(admin, "redact", patterns=["email"], apply_to=["request"])
    assert first == {
        "id": first["id"],
        "policy": "redact",
        "patterns": ["email"],
        "apply_to": ["request"],
        "position": 0,
        "is_active": True,
        "source": "database",
    }
    second = await made(admin, "block", is_active=False)
    assert (second["position"], second["is_active"]) == (1, False)
    assert await chain(admin) == ["log_only", "redact", "block"]
    assert (await admin.get(f"{POLICIES}/{first['id']}")).json() == first
    assert world.changes == 2


async def test_a_place_is_never_given_twice(admin: httpx2.AsyncClient) -> None:
    first = await made(admin, "a")
    await made(admin, "b")
    await admin.delete(f"{POLICIES}/{first['id']}")
    await made(admin, "c")
    assert await chain(admin) == ["log_only", "b", "c"]


async def test_a_change_touches_the_given_keys_and_null_takes_one_away(
    admin: httpx2.AsyncClient,
) -> None:
    entry = await made(admin, "redact", patterns=["email"], max_hold="50ms")
    path = f"{POLICIES}/{entry['id']}"
    changed = await admin.put(path, json={"max_hold": None, "patterns": ["iban"]})
    assert changed.status_code == 200
    del entry["max_hold"]
    assert changed.json() == {**entry, "patterns": ["iban"]}
    assert (await admin.put(path, json={"is_active": False})).json()["is_active"] is False
    assert (await admin.put(path, json={"policy": None})).status_code == 400


async def test_the_chain_is_put_in_another_order_whole_or_not_at_all(
    admin: httpx2.AsyncClient, world: World
) -> None:
    ids = [(await made(admin, name))["id"] for name in "abc"]
    answered = await admin.post(f"{POLICIES}/reorder", json={"ids": ids[::-1]})
    assert answered.status_code == 200
    assert [row["policy"] for row in answered.json()] == ["log_only", "c", "b", "a"]
    for wrong in (ids[:2], [*ids, "x"], [ids[0]] * 3, []):
        refused = await admin.post(f"{POLICIES}/reorder", json={"ids": wrong})
        assert refused.status_code == 400
        assert refused.json()["error"].startswith("ids")
    assert await chain(admin) == ["log_only", "c", "b", "a"]
    assert world.changes == 4


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "policy"),
        ({"policy": 1}, "policy"),
        ({"policy": "nonsense"}, "there is no policy 'nonsense'"),
        ({"policy": "tag", "id": "x"}, "id"),
        ({"policy": "tag", "source": "file"}, "source"),
        ({"policy": "tag", "position": 0}, "position"),
        ({"policy": "tag", "is_active": "yes"}, "is_active"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, world: World, body: dict[str, Any], named: str
) -> None:
    answered = await admin.post(POLICIES, json=body)
    assert answered.status_code == 400
    assert named in answered.json()["error"]
    assert not world.rows.policies


async def test_secrets_of_an_entry_are_stars_and_stay_where_the_stars_come_back(
    admin: httpx2.AsyncClient, world: World
) -> None:
    entry = await made(admin, "webhook", url="https://x.test", secret="s3cret")
    assert entry["secret"] == "***"
    assert "s3cret" not in repr(world.rows.audit)
    changed = await admin.put(
        f"{POLICIES}/{entry['id']}", json={"secret": "***", "url": "https://y.test"}
    )
    assert changed.status_code == 200
    assert world.rows.policies[entry["id"]].entry["secret"] == "s3cret"


async def test_an_entry_of_the_file_is_shown_and_never_changed(admin: httpx2.AsyncClient) -> None:
    assert (await admin.get(f"{POLICIES}/file-0")).json()["source"] == "file"
    assert (await admin.put(f"{POLICIES}/file-0", json={"mode": "monitor"})).status_code == 409
    assert (await admin.delete(f"{POLICIES}/file-0")).status_code == 409


async def test_a_removed_entry_is_gone(admin: httpx2.AsyncClient, world: World) -> None:
    path = f"{POLICIES}/{(await made(admin))['id']}"
    assert (await admin.delete(path)).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        assert (await admin.request(method, path, json={})).status_code == 404
    assert [row.action for row in world.rows.audit] == ["policy.create", "policy.delete"]
