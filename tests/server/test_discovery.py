"""What a caller may ask for."""

import asyncio
from typing import Any

import msgspec
import pytest

from headgate.model.caller import User
from headgate.model.fault import Refused
from headgate.pipeline.keys import digest
from headgate.routing.resolve import Rewrite
from headgate.server.discovery import list_models, show_model
from headgate.wire import json_text
from tests.pipeline.fakes import Scene, backend, reply, route

ONE, TWO = backend("one", models=("a", "b")), backend("two", models=("b", "c"))


def scene_of(**changes: Any) -> Scene:
    scene = Scene(backends=(ONE, TWO), routes=[route("two")])
    scene.gateway.snapshot = msgspec.structs.replace(scene.snapshot, **changes)
    return scene


async def names(scene: Scene, **headers: str) -> list[str]:
    body = json_text.decode(await list_models(scene.gateway, headers))
    return [entry["id"] for entry in body["data"]]


async def test_everything_that_resolves_is_listed_once_in_order() -> None:
    assert await names(scene_of()) == ["a", "b", "c", "fast"]


async def test_the_list_has_the_form_of_both_vendors() -> None:
    body = json_text.decode(await list_models(scene_of().gateway, {}))
    assert (body["object"], body["has_more"]) == ("list", False)
    assert (body["first_id"], body["last_id"]) == ("a", "fast")
    entry = body["data"][0]
    assert (entry["object"], entry["type"]) == ("model", "model")
    assert {"created", "owned_by", "display_name", "created_at"} <= set(entry)


async def test_an_empty_list_is_a_list() -> None:
    scene = scene_of(routes={})
    scene.gateway.lists.use({})
    body = json_text.decode(await list_models(scene.gateway, {}))
    assert (body["data"], body["first_id"], body["last_id"]) == ([], None, None)


def users(**changes: Any) -> dict[bytes, User]:
    return {digest("k"): User(id="1", name="alice", **changes)}


async def test_a_caller_sees_what_it_may_use() -> None:
    seen = scene_of(users=users(backends=frozenset({"one"})), open=False)
    assert await names(seen, authorization="Bearer k") == ["a", "b"]
    narrow = scene_of(users=users(backends=None, models=("f*", "c")), open=False)
    assert await names(narrow, authorization="Bearer k") == ["c", "fast"]


async def test_other_names_for_what_is_served_are_listed() -> None:
    rules = {"x": Rewrite("x", "a"), "y": Rewrite("y", "nobody's")}
    assert await names(scene_of(rewrites=rules)) == ["a", "b", "c", "fast", "x"]


async def test_a_backend_that_is_not_active_offers_nothing() -> None:
    scene = scene_of()
    scene.gateway.lists.use({"one": ONE, "two": msgspec.structs.replace(TWO, active=False)})
    assert await names(scene) == ["a", "b"]


async def test_without_a_key_nothing_is_shown() -> None:
    with pytest.raises(Refused) as refused:
        await list_models(scene_of(open=False).gateway, {})
    assert refused.value.fault.http_status == 401


async def test_a_list_that_is_not_there_yet_is_waited_for() -> None:
    listing = reply(b'{"data":[{"id":"new"}]}')
    listing.go.clear()
    scene = Scene(listing, backends=[backend("one", models="*")], routes=[route("one")])
    waiting = asyncio.ensure_future(names(scene))
    await scene.upstream.asked.wait()
    assert not waiting.done()
    listing.go.set()
    assert await waiting == ["fast", "new"]


async def test_one_model_is_shown_by_name() -> None:
    entry = json_text.decode(await show_model(scene_of().gateway, {}, "fast"))
    assert (entry["id"], entry["object"]) == ("fast", "model")


async def test_a_model_that_may_not_be_used_does_not_exist() -> None:
    scene = scene_of(users=users(backends=frozenset({"one"})), open=False)
    with pytest.raises(Refused) as refused:
        await show_model(scene.gateway, {"x-api-key": "k"}, "c" * 300)
    fault = refused.value.fault
    assert (fault.http_status, fault.kind, fault.param) == (404, "model_not_found", "model")
    assert len(fault.message) < 300
