"""What the resources answer is what the description says of it."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from headgate.admin import shapes
from headgate.admin.app import RESOURCES
from headgate.model.directory import KeyRow, Permission, RewriteRow, UserRow
from headgate.model.limits import Limits

NEW: dict[str, dict[str, Any]] = {
    "users": {"name": "alice", "limits": {"concurrent": 3}},
    "users/{user}/keys": {"models": ["m*"]},
    "backends": {"name": "east", "base_url": "https://east.test", "headers": {"x-team": "a"}},
    "model-rewrites": {"source_model": "a", "target_model": "b"},
    "models": {"name": "new", "targets": [{"backend": "filed", "model": "m"}]},
    "policies": {"policy": "log_only"},
}


def test_the_shapes_say_all_that_the_records_know() -> None:
    every: tuple[tuple[type[BaseModel], Any, set[str]], ...] = (
        (shapes.User, UserRow, set()),
        (shapes.Key, KeyRow, {"digest"}),
        (shapes.Permission, Permission, set()),
        (shapes.Rewrite, RewriteRow, set()),
        (shapes.Limits, Limits, set()),
    )
    for shape, record, hidden in every:
        assert set(shape.model_fields) == set(record.__struct_fields__) - hidden


def test_every_answer_with_a_body_is_described(app: FastAPI) -> None:
    bare = []
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            for status, answered in operation["responses"].items():
                contents = answered.get("content", {}).values()
                if status in ("200", "201") and not any(map(_has_schema, contents)):
                    bare.append(f"{method} {path}")
    others = ("/admin/auth", "/admin/administrators")
    assert [name for name in bare if not name.split()[1].startswith(others)] == []


def _has_schema(content: dict[str, Any]) -> bool:
    return bool(content.get("schema"))


@pytest.mark.parametrize("resource", NEW)
async def test_what_a_resource_answers_is_what_is_described(
    admin: httpx2.AsyncClient, resource: str
) -> None:
    user = (await admin.post("/admin/users", json={"name": "owner"})).json()["id"]
    path = f"/admin/{resource.format(user=user)}"
    made = await admin.post(path, json=NEW[resource])
    assert made.status_code == 201, made.text
    one = f"{path}/{made.json()['id']}"
    changed = await admin.put(one, json={})
    answers = [("POST", False, made), ("GET", False, await admin.get(path)), ("PUT", True, changed)]
    for method, of_one, answered in answers:
        shape = _described(method, resource, of_one)
        TypeAdapter(shape).validate_json(answered.content, strict=True)


def _described(method: str, resource: str, of_one: bool) -> Any:
    """The response model of a route."""
    template = f"/admin/{resource.replace('{user}', '{id}')}"
    name = "{key_id}" if "{user}" in resource else "{id}"
    path = f"{template}/{name}" if of_one else template
    [found] = [
        route.response_model
        for router in RESOURCES
        for route in router.routes
        if isinstance(route, APIRoute) and route.path == path and method in (route.methods or ())
    ]
    return found
