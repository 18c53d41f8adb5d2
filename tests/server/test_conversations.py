import json
from typing import Any

import pytest

from headgate.model.stored import Conversation
from tests.pipeline.fake_memory import FakeMemory
from tests.server.callers import Told
from tests.server.test_asgi import Served
from tests.storage.stored_samples import message


class Talks:
    """An application with a memory of conversations."""

    def __init__(self) -> None:
        self.served = Served()
        self.memory = self.served.scene.gateway.memory = FakeMemory()

    async def ask(self, method: str, path: str = "", body: Any = None) -> Told:
        sent = b"" if body is None else json.dumps(body).encode()
        return await self.served.ask(method, f"/v1/conversations{path}", sent)


async def made(**body: Any) -> tuple[Talks, str]:
    talks = Talks()
    told = await talks.ask("POST", body=body or None)
    assert told.status == 200
    return talks, f"/{told.body['id']}"


async def test_a_conversation_is_made_shown_changed_and_deleted() -> None:
    talks, path = await made(metadata={"topic": "a"})
    shown = (await talks.ask("GET", path)).body
    assert shown["object"] == "conversation"
    assert shown["metadata"] == {"topic": "a"}
    assert shown["id"].startswith("conv_")
    changed = (await talks.ask("POST", path, {"metadata": {"topic": "b"}})).body
    assert changed == {**shown, "metadata": {"topic": "b"}}
    gone = (await talks.ask("DELETE", path)).body
    assert gone == {"id": shown["id"], "object": "conversation.deleted", "deleted": True}
    for method in ("GET", "POST", "DELETE"):
        assert (await talks.ask(method, path)).status == 404


async def test_items_are_added_listed_shown_and_taken_out() -> None:
    talks, path = await made(items=[{"role": "user", "content": "a"}])
    said = {"items": [message("user", "b", id="m")]}
    added = (await talks.ask("POST", f"{path}/items", said)).body
    assert [item["id"] for item in added["data"]] == ["m"]
    listed = (await talks.ask("GET", f"{path}/items?order=asc")).body["data"]
    assert [item["content"][0]["text"] for item in listed] == ["a", "b"]
    assert (await talks.ask("GET", f"{path}/items/m")).body == message("user", "b", id="m")
    assert (await talks.ask("DELETE", f"{path}/items/m")).body["object"] == "conversation"
    assert (await talks.ask("GET", f"{path}/items/m")).status == 404
    assert len((await talks.ask("GET", f"{path}/items")).body["data"]) == 1


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"items": "a"}, "items"),
        ({"items": ["a"]}, "items"),
        ({"items": [{}] * 21}, "items"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": dict.fromkeys("abcdefghijklmnopq", "")}, "metadata"),
    ],
)
async def test_what_makes_no_conversation_is_refused_by_name(body: Any, param: str) -> None:
    told = await Talks().ask("POST", body=body)
    assert (told.status, told.body["error"]["param"]) == (400, param)


async def test_items_must_be_said() -> None:
    talks, path = await made()
    assert (await talks.ask("POST", f"{path}/items", {})).status == 400


async def test_anothers_conversation_reads_as_unknown() -> None:
    talks = Talks()
    theirs = Conversation(owner="alice", id="conv_1", created_at=1.0, used_at=1.0)
    await talks.memory.add_conversation(theirs, [("m", "{}")])
    both = ["GET", "DELETE", "GET /items", "GET /items/m", "DELETE /items/m"]
    for method, _, path in (way.partition(" ") for way in [*both, "POST", "POST /items"]):
        mine = await talks.ask(method, f"/conv_1{path}", {"items": []})
        unknown = await talks.ask(method, f"/conv_2{path}", {"items": []})
        assert mine.status == unknown.status == 404
    assert talks.memory.talks


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "", 405), ("PUT", "/c", 405), ("DELETE", "/c/items", 405), ("GET", "/c/other", 404)],
)
async def test_other_ways_lead_nowhere(method: str, path: str, status: int) -> None:
    assert (await Talks().ask(method, path)).status == status


async def test_a_database_that_does_not_answer_is_told_as_that() -> None:
    talks, path = await made()
    talks.memory.down = True
    assert (await talks.ask("GET", path)).status == 503


async def test_a_conversation_that_is_too_large_is_told_as_that() -> None:
    talks, path = await made()
    talks.memory.too_much = True
    assert (await talks.ask("GET", f"{path}/items")).status == 413
