"""The table of routes, and what is told where nothing can be served."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from typing_extensions import override

from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.server.asgi import Application
from headgate.server.interface import App, Message, Receive, Scope, Send
from tests.pipeline.fakes import FakeAnswer, Scene, reply
from tests.pipeline.samples import CHAT, asking
from tests.server.callers import Told, ask


class Served:
    """An application in front of a scene's gateway."""

    def __init__(self, scene: Scene | None = None) -> None:
        self.scene = scene or Scene()
        self.admins = 0
        self.may_open = threading.Event()
        self.may_open.set()
        self.asked_of_admin: list[bytes] = []
        self.app = Application(self.scene.gateway, self._open_admin)

    def _open_admin(self) -> App:
        self.admins += 1
        assert self.may_open.wait(5.0)

        async def admin(scope: Scope, receive: Receive, send: Send) -> None:
            self.asked_of_admin.append(scope["raw_path"])

        return admin

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Told:
        return await ask(self.app, method, path, body, False, **headers)


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/chat/completions", "chat"),
        ("/v1/messages", "messages"),
        ("/v1/responses", "responses"),
    ],
)
async def test_each_inference_path_speaks_its_dialect(path: str, dialect: str) -> None:
    served = Served(Scene(reply()))
    told = await served.ask("POST", path, asking(dialect))
    status, body = told.status, told.body
    assert status == 200
    kinds = {"chat": "chat.completion", "messages": "message", "responses": "response"}
    assert body["type" if dialect == "messages" else "object"] == kinds[dialect]


async def test_a_stream_is_sent_piece_by_piece() -> None:
    served = Served(Scene(FakeAnswer(*CHAT)))
    told = await served.ask("POST", "/v1/chat/completions", asking(stream=True))
    status, body = told.status, told.body
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")
    assert len(told.messages) > 4


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_told_to_anybody(method: str, path: str) -> None:
    told = await Served().ask(method, path)
    status, body = told.status, told.body
    assert (status, body["status"]) == (200, "ok")
    assert body["timestamp"].endswith("Z")


async def test_a_draining_gateway_lives_but_is_not_ready() -> None:
    served = Served()
    served.scene.gateway.draining = True
    assert (await served.ask("GET", "/health/ready")).status == 503
    assert (await served.ask("GET", "/health/live")).status == 200


async def test_the_root_says_where_everything_is() -> None:
    told = await Served().ask("GET", "/", host="gate.test:8080")
    status, body = told.status, told.body
    assert status == 200
    assert b"http://gate.test:8080/admin" in body


async def test_the_models_are_listed_and_shown() -> None:
    served = Served()
    told = await served.ask("GET", "/v1/models")
    assert [entry["id"] for entry in told.body["data"]] == ["fast", "m"]
    assert (await served.ask("GET", "/v1/models/fast")).body["id"] == "fast"
    assert (await served.ask("GET", "/v1/models/f%61st")).body["id"] == "fast"
    told = await served.ask("GET", "/v1/models/none")
    status, body = told.status, told.body
    assert (status, body["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/chat/completions", b"POST"),
        ("DELETE", "/v1/messages", b"POST"),
        ("POST", "/v1/models", b"GET, HEAD"),
        ("PUT", "/", b"GET, HEAD"),
        ("POST", "/health", b"GET, HEAD"),
    ],
)
async def test_another_method_is_405_and_says_which_it_takes(
    method: str, path: str, allow: bytes
) -> None:
    served = Served()
    told = await served.ask(method, path)
    status, body = told.status, told.body
    assert status == 405
    assert told.headers[b"allow"] == allow
    assert told.headers[b"x-request-id"]
    assert "error" in body


@pytest.mark.parametrize("path", ["/v2", "/v1/chat/completions/", "/v1/Models", "/v1/modelsx"])
async def test_a_path_that_is_not_there_is_404(path: str) -> None:
    told = await Served().ask("GET", path)
    status, body = told.status, told.body
    assert (status, body["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v1/ch%61t/completions", "/v1/embedd%69ngs"])
async def test_another_spelling_of_a_path_is_another_path(path: str) -> None:
    assert (await Served().ask("POST", path)).status == 404


async def test_an_error_below_messages_is_told_in_its_dialect() -> None:
    told = await Served().ask("GET", "/v1/messages/nothing")
    status, body = told.status, told.body
    assert (status, body["type"]) == (404, "error")
    assert body["error"]["type"] == "not_found_error"


async def test_the_admin_application_is_made_at_its_first_request() -> None:
    served = Served()
    await served.ask("GET", "/health")
    assert served.admins == 0
    for path in ("/admin", "/admin/users"):
        await served.ask("GET", path)
    assert served.asked_of_admin == [b"/admin", b"/admin/users"]
    assert served.admins == 1
    assert (await served.ask("GET", "/administrators")).status == 404


async def test_others_are_served_while_the_admin_application_is_made() -> None:
    served = Served()
    served.may_open.clear()
    waiting = [asyncio.create_task(served.ask("GET", "/admin")) for _ in range(2)]
    while not served.admins:
        await asyncio.sleep(0)
    assert (await served.ask("GET", "/health")).status == 200
    assert served.asked_of_admin == []
    served.may_open.set()
    await asyncio.gather(*waiting)
    assert served.asked_of_admin == [b"/admin"] * 2
    assert served.admins == 1


async def test_what_is_not_http_is_not_served() -> None:
    served = Served()

    async def never(*message: Message) -> Any:
        raise AssertionError("nothing is received or sent")

    await served.app({"type": "websocket"}, never, never)


class Faulty(Filter):
    """Has a bug."""

    @override
    async def admit(self, exchange: Exchange) -> None:
        raise ZeroDivisionError("secret detail")


async def test_a_bug_is_logged_and_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = Served(Scene(filters=[Faulty()]))
    with caplog.at_level(logging.ERROR):
        told = await served.ask("POST", "/v1/messages", asking("messages"))
    status, body = told.status, told.body
    assert status == 500
    assert body["error"]["type"] == "api_error"
    assert served.scene.gateway.mint() in body["error"]["message"]
    assert "secret" not in str(body)
    assert "ZeroDivisionError" in caplog.text


class FaultyAnswer(FakeAnswer):
    """Has a bug behind its pieces."""

    @override
    async def read(self) -> bytes:
        if self.read_out:
            raise ZeroDivisionError
        piece, self.read_out = await super().read(), True
        return piece


async def test_a_bug_behind_the_answer_says_nothing_more() -> None:
    served = Served(Scene(FaultyAnswer(*CHAT)))
    told = await served.ask("POST", "/v1/chat/completions", asking(stream=True))
    status, body = told.status, told.body
    assert status == 200
    assert b"report it" not in body


async def test_a_caller_who_left_is_told_nothing() -> None:
    served = Served(Scene(None))
    told = await ask(served.app, "POST", "/v1/chat/completions", asking(), leaves=True)
    assert told.messages == []
    assert served.scene.outcome == "client_closed"
