from typing import Any

import httpx2
import pytest

from headgate.admin.control import ModelState
from headgate.model.secret_fields import as_sealed
from tests.admin.conftest import AT, World

BACKENDS = "/admin/backends"
KEY = "sk-very-secret"


async def made(admin: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    whole = {"name": "up", "base_url": "https://up.test", "api_key": KEY, **fields}
    answered = await admin.post(BACKENDS, json=whole)
    assert answered.status_code == 201, answered.text
    assert KEY not in answered.text
    body: dict[str, Any] = answered.json()
    return body


async def test_a_new_backend_is_shown_without_its_key(
    admin: httpx2.AsyncClient, world: World
) -> None:
    backend = await made(
        admin, speaks=["chat", "responses"], timeouts={"connect": "5s"}, detail_logging=True
    )
    assert (backend["name"], backend["base_url"]) == ("up", "https://up.test")
    assert backend["speaks"] == ["chat", "responses"]
    assert backend["timeouts"] == {"connect": "5s"}
    assert (backend["is_active"], backend["detail_logging"]) == (True, True)
    assert (backend["has_api_key"], backend["source"]) == (True, "database")
    assert "api_key" not in backend
    assert world.sealed == {backend["id"]: KEY}
    assert (await admin.get(f"{BACKENDS}/{backend['id']}")).json() == backend
    assert world.changes == 1


async def test_the_list_is_an_array_with_the_files_backends_first(
    admin: httpx2.AsyncClient,
) -> None:
    await made(admin)
    listed = (await admin.get(BACKENDS)).json()
    assert [(row["name"], row["source"]) for row in listed] == [
        ("filed", "file"),
        ("up", "database"),
    ]


async def test_without_dialects_a_backend_speaks_what_its_provider_does(
    admin: httpx2.AsyncClient, world: World
) -> None:
    known = await made(admin, base_url="https://api.anthropic.com")
    assert known["speaks"] == ["messages"]
    changed = await admin.put(
        f"{BACKENDS}/{known['id']}", json={"speaks": None, "base_url": "https://x", "api_key": "k"}
    )
    assert changed.json()["speaks"] == ["chat"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"base_url": "https://x"}, "name"),
        ({"name": "up"}, "base_url"),
        ({"name": "a b", "base_url": "https://x"}, "name"),
        ({"name": "up", "base_url": "ftp://x"}, "base_url"),
        ({"name": "up", "base_url": "nonsense"}, "base_url"),
        ({"name": "up", "base_url": "https://user:pass@x"}, "base_url"),
        ({"name": "up", "base_url": "https://x", "speaks": []}, "speaks"),
        ({"name": "up", "base_url": "https://x", "speaks": ["cht"]}, "speaks[0]"),
        ({"name": "up", "base_url": "https://x", "timeouts": {"idle": "5"}}, "timeouts.idle"),
        ({"name": "up", "base_url": "https://x", "timeouts": {"idl": "5s"}}, "unknown key 'idl'"),
        ({"name": "up", "base_url": "https://x", "nonsense": 1}, "unknown key 'nonsense'"),
        ({"name": "up", "base_url": "https://x", "active": False}, "active"),
        ({"name": "up", "base_url": "https://x", "agent": "os:system"}, "agent"),
        ({"name": "up", "base_url": "https://x", "aws": {}}, "aws"),
        ({"name": "up", "base_url": "https://x", "headers": {"x": as_sealed("y")}}, "headers/x"),
        ({"name": "up", "base_url": "https://x", "api_key": "a\nb"}, "api_key"),
        ({"name": "up", "base_url": "https://x", "headers": {"x": "***"}}, "secret"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, world: World, body: dict[str, Any], named: str
) -> None:
    answered = await admin.post(BACKENDS, json=body)
    assert answered.status_code == 400
    assert named in answered.json()["error"].partition(";")[0]
    assert not world.rows.backends


@pytest.mark.parametrize("name", ["up", "filed"])
async def test_a_name_that_is_taken_is_a_409(admin: httpx2.AsyncClient, name: str) -> None:
    await made(admin)
    other = await made(admin, name="other")
    for answered in (
        await admin.post(BACKENDS, json={"name": name, "base_url": "https://x"}),
        await admin.put(f"{BACKENDS}/{other['id']}", json={"name": name}),
    ):
        assert answered.status_code == 409
        assert f"a backend named '{name}' exists already" in answered.json()["error"]


async def test_a_change_touches_the_given_fields_only(
    admin: httpx2.AsyncClient, world: World
) -> None:
    backend = await made(admin, timeouts={"idle": "5s"}, usage_in_stream=False)
    path = f"{BACKENDS}/{backend['id']}"
    answered = await admin.put(path, json={"is_active": False})
    assert answered.json() == {**backend, "is_active": False, "model_cache_state": "inactive"}
    answered = await admin.put(path, json={"usage_in_stream": None, "is_active": True})
    assert "usage_in_stream" not in answered.json()
    assert answered.json()["timeouts"] == {"idle": "5s"}
    assert world.sealed == {backend["id"]: KEY}


async def test_a_new_address_wants_the_key_again(admin: httpx2.AsyncClient, world: World) -> None:
    backend = await made(admin)
    path = f"{BACKENDS}/{backend['id']}"
    refused = await admin.put(path, json={"base_url": "https://evil.test"})
    assert (refused.status_code, refused.json()) == (
        400,
        {"error": "api_key: a new base_url wants the key again"},
    )
    assert world.rows.backends[backend["id"]].base_url == "https://up.test"
    same = await admin.put(path, json={"base_url": "https://up.test"})
    assert same.status_code == 200
    moved = await admin.put(path, json={"base_url": "https://new.test", "api_key": "sk-new"})
    assert (moved.status_code, moved.json()["base_url"]) == (200, "https://new.test")
    assert world.sealed == {backend["id"]: "sk-new"}


async def test_null_takes_the_key_away_and_then_the_address_is_free(
    admin: httpx2.AsyncClient,
) -> None:
    backend = await made(admin)
    path = f"{BACKENDS}/{backend['id']}"
    assert (await admin.put(path, json={"api_key": None})).json()["has_api_key"] is False
    assert (await admin.put(path, json={"base_url": "https://new.test"})).status_code == 200


async def test_headers_may_be_credentials_and_are_kept_where_their_stars_come_back(
    admin: httpx2.AsyncClient, world: World
) -> None:
    backend = await made(admin, headers={"x-team": "research", "x-key": "s3cret"})
    assert backend["headers"] == {"x-team": "***", "x-key": "***"}
    path = f"{BACKENDS}/{backend['id']}"
    before = world.rows.backends[backend["id"]].settings["headers"]
    await admin.put(path, json={"headers": {"x-key": "***", "x-team": "other"}})
    kept = world.rows.backends[backend["id"]].settings["headers"]
    assert kept["x-key"] == before["x-key"] == as_sealed(f"{backend['id']}:headers/x-key:6")
    assert kept["x-team"] == as_sealed(f"{backend['id']}:headers/x-team:5")
    assert "of-the-file" not in (await admin.get(BACKENDS)).text


AWS = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "s3cret", "region": "eu-west-1"}


async def test_credentials_of_aws_are_sealed_and_never_shown(
    admin: httpx2.AsyncClient, world: World
) -> None:
    backend = await made(admin, aws=AWS)
    stars = {"access_key_id": "***", "secret_access_key": "***"}
    assert backend["aws"] == {**AWS, **stars}
    assert "s3cret" not in repr(world.rows.backends)
    path = f"{BACKENDS}/{backend['id']}"
    changed = await admin.put(path, json={"aws": {**AWS, **stars, "region": "us-east-1"}})
    assert changed.json()["aws"] == {**AWS, **stars, "region": "us-east-1"}
    kept = world.rows.backends[backend["id"]].settings["aws"]
    assert kept["secret_access_key"] == as_sealed(f"{backend['id']}:aws/secret_access_key:6")


@pytest.mark.parametrize(
    ("settings", "place"),
    [({"headers": {"x-key": "s3cret"}}, "headers/x-key"), ({"aws": AWS}, "aws/access_key_id")],
)
async def test_a_new_address_wants_the_other_secrets_again_too(
    admin: httpx2.AsyncClient, world: World, settings: dict[str, Any], place: str
) -> None:
    backend = await made(admin, **settings)
    path = f"{BACKENDS}/{backend['id']}"
    moved = {"base_url": "https://evil.test", "api_key": "sk-new"}
    shown = {name: backend[name] for name in settings}
    for body in (moved, {**moved, **shown}):
        refused = await admin.put(path, json=body)
        assert refused.status_code == 400
        assert refused.json()["error"] == f"{place}: a new base_url wants this secret again"
    assert world.rows.backends[backend["id"]].base_url == "https://up.test"
    assert (await admin.put(path, json={**moved, **settings})).status_code == 200


async def test_what_the_file_defines_is_shown_and_never_changed(
    admin: httpx2.AsyncClient, world: World
) -> None:
    assert (await admin.get(f"{BACKENDS}/filed")).json()["source"] == "file"
    for answered in (
        await admin.put(f"{BACKENDS}/filed", json={"is_active": False}),
        await admin.delete(f"{BACKENDS}/filed"),
    ):
        assert answered.status_code == 409
    assert world.changes == 0


async def test_a_removed_backend_is_gone(admin: httpx2.AsyncClient) -> None:
    path = f"{BACKENDS}/{(await made(admin))['id']}"
    assert (await admin.delete(path)).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        assert (await admin.request(method, path, json={})).status_code == 404
    assert (await admin.get(f"{path}/models")).status_code == 404
    assert (await admin.post(f"{path}/models/refresh")).status_code == 404


async def test_the_model_list_is_shown_with_its_state_and_fetched_on_demand(
    admin: httpx2.AsyncClient, world: World
) -> None:
    path = f"{BACKENDS}/{(await made(admin))['id']}"
    before = (await admin.get(f"{path}/models")).json()
    assert (before["models"], before["state"]) == ([], "uninitialized")
    after = await admin.post(f"{path}/models/refresh")
    assert after.status_code == 200
    assert world.refreshed == ["up"]
    assert (after.json()["models"], after.json()["state"]) == (["m1", "m2"], "ready")
    shown = (await admin.get(path)).json()
    assert (shown["cached_model_count"], shown["model_cache_state"]) == (2, "ready")
    assert shown["model_cache_initialized"] is True
    assert shown["last_model_sync_at"] == "2023-11-14T22:13:20.000Z"
    world.lists["up"] = ModelState(None, AT, "it answered 500")
    failed = (await admin.get(f"{path}/models")).json()
    assert (failed["state"], failed["error"]) == ("error", "it answered 500")


async def test_an_inactive_backend_is_not_asked(admin: httpx2.AsyncClient, world: World) -> None:
    backend = await made(admin, is_active=False)
    answered = await admin.post(f"{BACKENDS}/{backend['id']}/models/refresh")
    assert answered.status_code == 409
    assert not world.refreshed


async def test_every_write_is_noted_and_no_key_stands_there(
    admin: httpx2.AsyncClient, world: World
) -> None:
    path = f"{BACKENDS}/{(await made(admin))['id']}"
    await admin.put(path, json={"api_key": "sk-other-secret"})
    await admin.delete(path)
    assert [row.action for row in world.rows.audit] == [
        "backend.create",
        "backend.change",
        "backend.delete",
    ]
    assert "secret" not in repr(world.rows.audit)
