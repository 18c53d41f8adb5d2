import json
from typing import Any

import pytest

from headgate.wire import sse
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.server.callers import Told
from tests.server.test_asgi import Served
from tests.storage.stored_samples import kept, message, stored

RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}


def served(**fields: Any) -> tuple[Served, FakeMemory]:
    made: dict[str, Any] = {"owner": "", "response": json.dumps(RESPONSE), **fields}
    memory, application = FakeMemory(), Served()
    memory.keep(kept(stored("resp_1", **made), events=b"".join(RESPONSES)))
    application.scene.gateway.memory = memory
    return application, memory


def fault(told: Told) -> tuple[int, str, str | None]:
    return told.status, told.body["error"]["code"], told.body["error"]["param"]


NOT_FOUND = (400, "previous_response_not_found", "previous_response_id")


async def test_a_response_is_shown_as_it_was_told() -> None:
    application, _ = served()
    told = await application.ask("GET", "/v1/responses/resp_1")
    assert (told.status, told.body) == (200, RESPONSE)
    assert told.headers[b"x-request-id"].startswith(b"req_")


async def test_its_stream_is_told_again_from_any_event_on() -> None:
    application, _ = served()
    told = await application.ask("GET", "/v1/responses/resp_1?stream=true")
    assert told.headers[b"content-type"] == b"text/event-stream"
    assert told.body == b"".join(RESPONSES)
    path = "/v1/responses/resp_1?stream=true&starting_after=6"
    assert (await application.ask("GET", path)).body == b"".join(RESPONSES[7:])
    told = await application.ask("GET", "/v1/responses/resp_1?stream=true&starting_after=x")
    assert fault(told) == (400, "invalid_request", "starting_after")


async def test_what_was_told_whole_has_a_stream_too() -> None:
    application, memory = served()
    memory.keep(kept(stored("resp_1", owner="", response=json.dumps(RESPONSE))))
    told = await application.ask("GET", "/v1/responses/resp_1?stream=true")
    kinds = [frame.event for frame in sse.parse(told.body)]
    assert kinds == ["response.created", "response.in_progress", "response.completed"]


async def test_a_deleted_response_is_gone() -> None:
    application, _ = served()
    told = await application.ask("DELETE", "/v1/responses/resp_1")
    assert told.body == {"id": "resp_1", "object": "response", "deleted": True}
    for method in ("GET", "DELETE"):
        assert fault(await application.ask(method, "/v1/responses/resp_1")) == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "?stream=true"),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("GET", "/input_items"),
    ],
)
async def test_an_id_of_somebody_else_reads_as_unknown(method: str, path: str) -> None:
    application, memory = served(owner="alice")
    assert fault(await application.ask(method, f"/v1/responses/resp_1{path}")) == NOT_FOUND
    assert memory.kept


async def test_what_its_caller_waited_for_cannot_be_cancelled() -> None:
    application, _ = served()
    told = await application.ask("POST", "/v1/responses/resp_1/cancel")
    assert fault(told) == (400, "invalid_request", "response_id")


async def test_its_own_items_are_listed_the_last_first() -> None:
    items = [message("user", str(number), id=f"m{number}") for number in range(3)]
    application, _ = served(input=json.dumps(items))
    told = await application.ask("GET", "/v1/responses/resp_1/input_items?limit=2")
    assert told.body["data"] == [items[2], items[1]]
    assert told.body["has_more"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "resp_1", 405),
        ("GET", "resp_1/cancel", 405),
        ("POST", "resp_1/input_items", 405),
        ("GET", "resp_1/other", 404),
        ("GET", "resp_1/input_items/m", 404),
    ],
)
async def test_other_ways_lead_nowhere(method: str, path: str, status: int) -> None:
    application, _ = served()
    assert (await application.ask(method, f"/v1/responses/{path}")).status == status


async def test_a_database_that_does_not_answer_is_told_as_that() -> None:
    application, memory = served()
    memory.down = True
    told = await application.ask("GET", "/v1/responses/resp_1")
    assert fault(told)[:2] == (503, "overloaded")
