from typing import Any

import httpx2
import pytest

from tests.admin.conftest import World

MODELS = "/admin/models"
TARGETS = [{"backend": "filed", "model": "m", "weight": 3}]


async def made(admin: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    answered = await admin.post(MODELS, json={"name": "slow", "targets": TARGETS, **fields})
    assert answered.status_code == 201, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def test_a_model_is_made_shown_changed_and_removed(
    admin: httpx2.AsyncClient, world: World
) -> None:
    model = await made(admin, strategy="priority", retries=1, fallback_on=["5xx"], hash_on=None)
    path = f"{MODELS}/{model['id']}"
    assert model == {
        "id": model["id"],
        "name": "slow",
        "targets": TARGETS,
        "strategy": "priority",
        "retries": 1,
        "fallback_on": ["5xx"],
        "source": "database",
        "unresolved_backends": [],
    }
    assert (await admin.get(path)).json() == model
    assert [row["name"] for row in (await admin.get(MODELS)).json()] == ["fast", "slow"]
    changed = await admin.put(path, json={"strategy": None, "name": "slower"})
    assert changed.status_code == 200
    assert (changed.json()["name"], "strategy" in changed.json()) == ("slower", False)
    assert changed.json()["targets"] == TARGETS
    assert (await admin.delete(path)).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        assert (await admin.request(method, path, json={})).status_code == 404
    assert world.changes == 3
    assert [row.action for row in world.rows.audit] == [
        "model.create",
        "model.change",
        "model.delete",
    ]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": None}, "name"),
        ({"targets": None}, "targets"),
        ({"targets": []}, "targets"),
        ({"targets": [{"backend": "filed"}]}, "targets[0]"),
        ({"targets": [{"backend": "nothing", "model": "m"}]}, "no backend 'nothing'"),
        ({"strategy": "random"}, "strategy"),
        ({"retries": -1}, "retries"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, world: World, fields: dict[str, Any], named: str
) -> None:
    body = {"name": "other", "targets": TARGETS, **fields}
    answered = await admin.post(MODELS, json=body)
    assert answered.status_code == 400
    assert named in answered.json()["error"]
    model = await made(admin)
    answered = await admin.put(f"{MODELS}/{model['id']}", json=fields)
    assert answered.status_code == 400
    assert named in answered.json()["error"]


@pytest.mark.parametrize("name", ["fast", "slow"])
async def test_a_name_that_is_taken_is_a_409(admin: httpx2.AsyncClient, name: str) -> None:
    await made(admin)
    answered = await admin.post(MODELS, json={"name": name, "targets": TARGETS})
    assert answered.status_code == 409


async def test_what_the_file_defines_is_shown_and_never_changed(admin: httpx2.AsyncClient) -> None:
    assert (await admin.get(f"{MODELS}/fast")).json()["source"] == "file"
    assert (await admin.put(f"{MODELS}/fast", json={"retries": 1})).status_code == 409
    assert (await admin.delete(f"{MODELS}/fast")).status_code == 409


async def test_a_target_whose_backend_is_gone_is_shown_as_unresolved(
    admin: httpx2.AsyncClient,
) -> None:
    new = {"name": "up", "base_url": "https://up.test", "kind": "compatible", "speaks": ["chat"]}
    backend = (await admin.post("/admin/backends", json=new)).json()
    targets = [{"backend": name, "model": "m"} for name in ("up", "filed")]
    made = await admin.post(MODELS, json={"name": "both", "targets": targets})
    assert made.json()["unresolved_backends"] == []
    assert (await admin.delete(f"/admin/backends/{backend['id']}")).status_code == 204
    shown = await admin.get(f"{MODELS}/{made.json()['id']}")
    assert shown.json()["unresolved_backends"] == ["up"]
    assert (await admin.get(MODELS)).json()[-1] == shown.json()
