"""The application: what it answers, remembers and refuses, without a socket."""

import asyncio
from typing import Any

import pytest

from headgate.mock import server
from headgate.mock.server import create_app
from tests.mock.driver import Caller, call, chat, scope_of


async def test_the_last_user_message_comes_back() -> None:
    reply = await call(create_app(), "POST", "/v1/chat/completions", chat("hello", "you"))
    assert reply.json["choices"][0]["message"]["content"] == "hello you"
    assert reply.json["model"] == "m"


async def test_two_answers_have_two_ids() -> None:
    app = create_app()
    ids = {(await call(app, "POST", "/chat/completions", chat("a"))).json["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("url", "body", "kind"),
    [
        ("/v1/chat/completions", {"stream": True}, "text/event-stream"),
        ("/v1/chat/completions", {"stream": False}, "application/json"),
        ("/v1/chat/completions", {"stream": "yes"}, "application/json"),
        ("/v1/messages", {"stream": True}, "text/event-stream"),
        ("/v1/responses", {"stream": True}, "text/event-stream"),
        ("/v1/embeddings", {"stream": True}, "application/json"),
        ("/v1/messages/count_tokens", {"stream": True}, "application/json"),
        ("/v1beta/models/m:generateContent", {}, "application/json"),
        ("/v1beta/models/m:streamGenerateContent", {}, "application/json"),
        ("/v1beta/models/m:streamGenerateContent?key=k&alt=sse", {}, "text/event-stream"),
    ],
)
async def test_a_stream_comes_where_the_dialect_asks_for_one(
    url: str, body: dict[str, Any], kind: str
) -> None:
    reply = await call(create_app(), "POST", url, body)
    assert (reply.status, reply.headers["content-type"]) == (200, kind)


async def test_a_script_serves_until_it_is_reset() -> None:
    app = create_app()
    assert (await call(app, "POST", "/__script", {"text": "scripted"})).json == {"scripts": 1}
    for _ in range(3):
        reply = await call(app, "POST", "/v1/messages", chat("x"))
        assert reply.json["content"][0]["text"] == "scripted"
    assert (await call(app, "DELETE", "/__script")).status == 200
    assert (await call(app, "GET", "/__requests")).json == []
    reply = await call(app, "POST", "/v1/messages", chat("x"))
    assert reply.json["content"][0]["text"] == "x"


async def test_the_scripts_of_a_list_take_turns_and_then_the_echo_is_back() -> None:
    app = create_app()
    await call(app, "POST", "/__script", [{"status": 503}, {"text": "b", "repeat": 2}])
    answers = [await call(app, "POST", "/v1/chat/completions", chat("echo")) for _ in range(4)]
    assert [reply.status for reply in answers] == [503, 200, 200, 200]
    texts = [reply.json["choices"][0]["message"]["content"] for reply in answers[1:]]
    assert texts == ["b", "b", "echo"]


async def test_a_new_script_takes_the_place_of_the_old() -> None:
    app = create_app()
    await call(app, "POST", "/__script", [{"text": "a"}, {"text": "b"}])
    await call(app, "POST", "/__script", {"text": "c"})
    reply = await call(app, "POST", "/v1/chat/completions", chat("x"))
    assert reply.json["choices"][0]["message"]["content"] == "c"


async def test_a_bad_script_is_refused_whole_and_the_old_one_stays() -> None:
    app = create_app()
    await call(app, "POST", "/__script", {"text": "old"})
    reply = await call(app, "POST", "/__script", [{"text": "new"}, {"disconnect_after": -1}])
    assert reply.status == 400
    assert reply.json["error"]["param"] == "disconnect_after"
    answer = await call(app, "POST", "/v1/chat/completions", chat("x"))
    assert answer.json["choices"][0]["message"]["content"] == "old"


async def test_what_arrived_is_told() -> None:
    app = create_app()
    caller = Caller(b'{"a":1}')
    scope = scope_of("POST", "/v1/chat/completions?x=y", {"Authorization": "Bearer k"})
    await app(scope, caller.receive, caller.send)
    (seen,) = (await call(app, "GET", "/__requests")).json
    assert seen["at"] > 0
    del seen["at"]
    assert seen == {
        "method": "POST",
        "path": "/v1/chat/completions",
        "query": "x=y",
        "headers": {"authorization": "Bearer k"},
        "body": {"a": 1},
        "caller_left": False,
        "caller_left_after_ms": None,
        "finished": True,
    }


async def test_a_departure_is_remembered() -> None:
    app = create_app()
    await call(app, "POST", "/__script", {"stall_after": 1})
    caller = Caller(b"{}")
    task = asyncio.ensure_future(
        app(scope_of("POST", "/v1/chat/completions"), caller.receive, caller.send)
    )
    await caller.started.wait()
    assert app.requests()[0]["caller_left"] is False
    caller.leave()
    await task
    (seen,) = app.requests()
    assert (seen["caller_left"], seen["finished"]) == (True, False)
    assert seen["caller_left_after_ms"] >= 0


async def test_a_cancelled_exchange_counts_as_left() -> None:
    app = create_app()
    await call(app, "POST", "/__script", {"stall_after": 0})
    caller = Caller(b"{}")
    task = asyncio.ensure_future(
        app(scope_of("POST", "/v1/chat/completions"), caller.receive, caller.send)
    )
    await caller.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert app.requests()[0]["caller_left"] is True


async def test_a_reset_is_the_scripts_doing_and_not_the_callers() -> None:
    app = create_app()
    await call(app, "POST", "/__script", {"disconnect_after": 1})
    with pytest.raises(ConnectionResetError):
        await call(app, "POST", "/v1/chat/completions", chat("x", stream=True))
    (seen,) = app.requests()
    assert (seen["finished"], seen["caller_left"]) == (True, False)


async def test_a_caller_that_leaves_before_its_body_is_whole_gets_nothing() -> None:
    app = create_app()
    caller = Caller()
    await caller.receive()
    caller.leave()
    await app(scope_of("POST", "/v1/messages"), caller.receive, caller.send)
    assert caller.reply.status == 0
    assert app.requests()[0]["caller_left"] is True


async def test_models_are_those_given_and_those_scripted() -> None:
    app = create_app(models=["a"])
    await call(app, "POST", "/__script", {"events": [{"model": "b"}]})
    listed = (await call(app, "GET", "/v1/models")).json["data"]
    assert [model["id"] for model in listed] == ["a", "b"]
    assert (await call(app, "GET", "/v1/models/b")).json["id"] == "b"
    assert (await call(app, "GET", "/v1/models/c")).status == 404
    gemini = (await call(app, "GET", "/v1beta/models")).json["models"]
    assert [model["name"] for model in gemini] == ["models/a", "models/b"]
    assert (await call(app, "GET", "/v1beta/models/a")).json["name"] == "models/a"


async def test_looking_at_models_uses_no_script_up() -> None:
    app = create_app()
    await call(app, "POST", "/__script", [{"text": "a"}])
    await call(app, "GET", "/v1/models")
    reply = await call(app, "POST", "/v1/chat/completions", chat("x"))
    assert reply.json["choices"][0]["message"]["content"] == "a"


async def test_paths_that_do_not_generate_obey_faults() -> None:
    app = create_app()
    assert (await call(app, "POST", "/v1/audio/speech", {"a": 1})).json["body"] == {"a": 1}
    assert (await call(app, "POST", "/v1/audio/voices", b"--form")).json["body"] == {}
    await call(app, "POST", "/__script", {"status": 404})
    assert (await call(app, "POST", "/v1/messages/count_tokens", {})).status == 404
    assert (await call(app, "POST", "/v1/embeddings", {"input": "a"})).status == 404


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("POST", "/v1/nothing", {}, 404),
        ("GET", "/v1/chat/completions", None, 405),
        ("POST", "/v1/models", {}, 405),
        ("PUT", "/__script", {}, 405),
        ("POST", "/__requests", {}, 405),
        ("POST", "/v1/messages", b"no json", 400),
        ("POST", "/v1/messages", b"[]", 400),
        ("GET", "/", None, 200),
        ("HEAD", "/", None, 200),
    ],
)
async def test_other_requests_have_a_status_of_their_own(
    method: str, url: str, body: Any, status: int
) -> None:
    assert (await call(create_app(), method, url, body)).status == status


async def test_a_body_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_BODY", 10)
    reply = await call(create_app(), "POST", "/v1/messages", b" " * 11)
    assert reply.json["error"]["type"] == "request_too_large"
    assert (await call(create_app(), "POST", "/v1/messages", b"{}" + b" " * 8)).status == 200


async def test_two_instances_share_nothing() -> None:
    one, other = create_app(), create_app(keep_requests=0)
    await call(one, "POST", "/__script", {"text": "scripted"})
    reply = await call(other, "POST", "/v1/chat/completions", chat("x"))
    assert reply.json["choices"][0]["message"]["content"] == "x"
    assert other.requests() == []


async def test_a_server_may_ask_for_start_and_end() -> None:
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await create_app()({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
