from typing import Any

import httpx2
import pytest

from tests.admin.conftest import World

REWRITES = "/admin/model-rewrites"


async def made(admin: httpx2.AsyncClient, source: str, target: str, **fields: Any) -> str:
    body = {"source_model": source, "target_model": target, **fields}
    answered = await admin.post(REWRITES, json=body)
    assert answered.status_code == 201, answered.text
    return str(answered.json()["id"])


async def test_a_rewrite_is_made_shown_changed_and_removed(
    admin: httpx2.AsyncClient, world: World
) -> None:
    id_ = await made(admin, "gpt-4", "fast", force=True, note="n")
    shown = (await admin.get(f"{REWRITES}/{id_}")).json()
    assert shown == {
        "id": id_,
        "source_model": "gpt-4",
        "target_model": "fast",
        "force": True,
        "is_active": True,
        "note": "n",
        "source": "database",
    }
    assert [row["id"] for row in (await admin.get(REWRITES)).json()] == ["old", id_]
    changed = await admin.put(f"{REWRITES}/{id_}", json={"is_active": False})
    assert (changed.status_code, changed.json()) == (200, {**shown, "is_active": False})
    assert (await admin.delete(f"{REWRITES}/{id_}")).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        answered = await admin.request(method, f"{REWRITES}/{id_}", json={})
        assert answered.status_code == 404
    assert world.changes == 3
    assert [row.action for row in world.rows.audit] == [
        "rewrite.create",
        "rewrite.change",
        "rewrite.delete",
    ]


@pytest.mark.parametrize("source", ["a", "old"])
async def test_a_source_that_is_taken_is_a_409(admin: httpx2.AsyncClient, source: str) -> None:
    await made(admin, "a", "x")
    id_ = await made(admin, "b", "x")
    body = {"source_model": source, "target_model": "y"}
    assert (await admin.post(REWRITES, json=body)).status_code == 409
    assert (await admin.put(f"{REWRITES}/{id_}", json=body)).status_code == 409
    assert (await admin.put(f"{REWRITES}/{id_}", json={"source_model": "b"})).status_code == 200


@pytest.mark.parametrize(
    ("source", "target", "cycle"),
    [
        ("c", "a", ["a", "b", "c", "a"]),
        ("d", "d", ["d", "d"]),
        ("new", "old", ["old", "new", "old"]),
    ],
)
async def test_a_cycle_is_a_409_with_the_names_in_it(
    admin: httpx2.AsyncClient, source: str, target: str, cycle: list[str]
) -> None:
    await made(admin, "a", "b")
    await made(admin, "b", "c")
    answered = await admin.post(REWRITES, json={"source_model": source, "target_model": target})
    assert answered.status_code == 409
    assert answered.json() == {"error": "Model rewrite cycle detected", "cycle": cycle}


async def test_an_inactive_rewrite_closes_no_cycle_until_it_is_active(
    admin: httpx2.AsyncClient,
) -> None:
    await made(admin, "a", "b")
    id_ = await made(admin, "b", "a", is_active=False)
    answered = await admin.put(f"{REWRITES}/{id_}", json={"is_active": True})
    assert answered.status_code == 409
    assert sorted(set(answered.json()["cycle"])) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"source_model": "a"}, "target_model"),
        ({"target_model": "a"}, "source_model"),
        ({"source_model": "", "target_model": "b"}, "source_model"),
        ({"source_model": "a", "target_model": "b", "force": 1}, "force"),
        ({"source_model": "a", "target_model": "b", "note": None}, "note"),
        ({"source_model": "a", "target_model": "b", "active": True}, "active"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, body: dict[str, Any], named: str
) -> None:
    answered = await admin.post(REWRITES, json=body)
    assert answered.status_code == 400
    assert answered.json()["error"].startswith(named)


async def test_what_the_file_defines_is_shown_and_never_changed(admin: httpx2.AsyncClient) -> None:
    assert (await admin.get(f"{REWRITES}/old")).json()["source"] == "file"
    assert (await admin.put(f"{REWRITES}/old", json={"force": True})).status_code == 409
    assert (await admin.delete(f"{REWRITES}/old")).status_code == 409
