from typing import Any

import pytest

from headgate.agents import create_app
from tests.agents.driver import CHAT, HI, PATHS, Call, Pal, ask, body_for

APP = create_app(Pal(answer="Hello"), model_name="pal")
LOCKED = create_app(Pal(answer="Hello"), model_name="pal", api_key="sk-1")


@pytest.mark.parametrize("path", list(PATHS))
async def test_the_default_is_a_whole_answer(path: str) -> None:
    answer = await ask(APP, path, body_for(path))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert b"Hello" in answer.body


async def test_the_list_of_models_has_the_one() -> None:
    listed = (await ask(APP, "/v1/models", method="GET")).json
    assert listed["object"] == "list"
    (entry,) = listed["data"]
    assert (entry["id"], entry["object"], entry["created"]) == ("pal", "model", 0)
    assert (await ask(APP, "/v1/models/pal", method="GET")).json == entry
    missing = await ask(APP, "/v1/models/gpt", method="GET")
    assert (missing.status, missing.json["error"]["code"]) == (404, "model_not_found")


async def test_health_needs_no_key() -> None:
    for app in (APP, LOCKED):
        answer = await ask(app, "/health", method="GET")
        assert (answer.status, answer.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", [*PATHS, "/v1/models", "/anything"])
async def test_everything_else_needs_the_key_where_there_is_one(path: str) -> None:
    answer = await ask(LOCKED, path, method="POST" if path in PATHS else "GET")
    assert answer.status == 401
    assert answer.json["error"]["message"].startswith("Missing API key")
    wrong = await ask(LOCKED, path, headers=[("authorization", "Bearer sk-2")])
    assert (wrong.status, wrong.json["error"]["message"]) == (401, "Invalid API key")


@pytest.mark.parametrize("header", [("authorization", "Bearer sk-1"), ("x-api-key", "sk-1")])
async def test_the_key_opens(header: tuple[str, str]) -> None:
    assert (await ask(LOCKED, headers=[header])).status == 200


async def test_an_error_is_told_in_the_dialect_of_its_path() -> None:
    chat = (await ask(LOCKED, CHAT)).json
    assert chat["error"]["code"] == "invalid_api_key"
    messages = await ask(LOCKED, "/v1/messages")
    assert messages.json["type"] == "error"
    assert messages.json["error"]["type"] == "authentication_error"
    assert messages.json["request_id"] == messages.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        (CHAT, "GET", 405),
        ("/health", "POST", 405),
        ("/v1/models", "DELETE", 405),
        ("/", "GET", 404),
    ],
)
async def test_what_is_not_served_is_said(path: str, method: str, status: int) -> None:
    answer = await ask(APP, path, method=method)
    assert answer.status == status
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"not json", None),
        (b"[]", None),
        ({"model": "pal"}, "messages"),
        ({"model": "pal", "messages": "Hi"}, "messages"),
        ({**HI, "stream": "yes"}, "stream"),
        ({**HI, "model": 7}, "model"),
        (b'{"model":"pal","model":"pal","messages":[]}', "model"),
    ],
)
async def test_a_body_that_is_no_request_is_a_400_that_names_the_field(
    body: Any, field: str | None
) -> None:
    answer = await ask(APP, CHAT, body)
    assert answer.status == 400
    error = answer.json["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", field)


async def test_a_form_is_taken_on_chat_alone() -> None:
    form = b'--xx\r\ncontent-disposition: form-data; name="message"\r\n\r\nHi\r\n--xx--\r\n'
    headers = [("Content-Type", "multipart/form-data; boundary=xx")]
    assert (await ask(APP, CHAT, form, headers=headers)).status == 200
    for path in ("/v1/messages", "/v1/responses"):
        assert (await ask(APP, path, form, headers=headers)).status == 415
    mixed = [("content-type", "multipart/mixed; boundary=xx")]
    assert (await ask(APP, CHAT, form, headers=mixed)).status == 415


async def test_a_wrong_boundary_is_a_named_error() -> None:
    headers = [("content-type", "multipart/form-data; boundary=other")]
    answer = await ask(APP, CHAT, b"--xx\r\n\r\n\r\n--xx--", headers=headers)
    assert answer.status == 400
    assert "multipart form" in answer.json["error"]["message"]


async def test_a_body_over_twenty_megabytes_is_a_413() -> None:
    answer = await ask(APP, CHAT, bytes(20 * 1024 * 1024 + 1))
    assert (answer.status, answer.json["error"]["code"]) == (413, "request_too_large")


async def test_what_an_agent_has_no_use_for_is_named_in_a_header() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    assert (await ask(APP, CHAT, {**HI, "tools": [tool]})).headers["x-headgate-lost"] == "tools"
    assert "x-headgate-lost" not in (await ask(APP)).headers


async def test_a_caller_who_leaves_inside_the_body_is_no_failure() -> None:
    call = Call(APP, CHAT, HI)
    call._pieces = []
    call.leave()
    assert (await call.whole()).status == 0


async def test_the_lifespan_is_lived_through() -> None:
    asked = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    said: list[str] = []

    async def receive() -> Any:
        return asked.pop(0)

    async def send(message: Any) -> None:
        said.append(message["type"])

    await APP({"type": "lifespan"}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(
    ("agent", "options", "error"),
    [
        (object(), {"model_name": "pal"}, TypeError),
        (Pal(), {"model_name": ""}, ValueError),
        (Pal(), {"model_name": "pal", "api_key": " "}, ValueError),
        (Pal(), {"model_name": "pal", "timeout": 0}, ValueError),
    ],
)
def test_what_cannot_be_served_safely_is_refused_at_once(
    agent: Any, options: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_app(agent, **options)
