"""The table of routes, and what is told where nothing can be served."""

import asyncio
import logging
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.server.asgi import Application
from headgate.server.interface import App, Message, Receive, Scope, Send
from tests.pipeline.fakes import FakeAnswer, Scene, reply
from tests.pipeline.samples import CHAT, asking


class Served:
    """An application in front of a scene's gateway, and what it sent."""

    def __init__(self, scene: Scene | None = None) -> None:
        self.scene = scene or Scene()
        self.admins = 0
        self.leaves = False
        """The caller leaves as soon as it has asked."""
        self.sent: list[Message] = []
        self.app = Application(self.scene.gateway, self._open_admin)

    def _open_admin(self) -> App:
        self.admins += 1

        async def admin(scope: Scope, receive: Receive, send: Send) -> None:
            self.sent.append({"admin": scope["raw_path"]})

        return admin

    async def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, Any]:
        """The status and the body, decoded where it is JSON."""
        self.sent.clear()
        waiting: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            if not waiting and not self.leaves:
                await asyncio.Event().wait()
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        named = [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "scheme": "http",
            "headers": named,
        }
        await self.app(scope, receive, send)
        if not self.sent or "status" not in self.sent[0]:
            return 0, None
        said = b"".join(message.get("body", b"") for message in self.sent[1:])
        is_json = self.headers().get(b"content-type") == b"application/json"
        return self.sent[0]["status"], msgspec.json.decode(said) if is_json else said

    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


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
    status, body = await served.ask("POST", path, asking(dialect))
    assert status == 200
    kinds = {"chat": "chat.completion", "messages": "message", "responses": "response"}
    assert body["type" if dialect == "messages" else "object"] == kinds[dialect]


async def test_a_stream_is_sent_piece_by_piece() -> None:
    served = Served(Scene(FakeAnswer(*CHAT)))
    status, body = await served.ask("POST", "/v1/chat/completions", asking(stream=True))
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")
    assert len(served.sent) > 4


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_told_to_anybody(method: str, path: str) -> None:
    status, body = await Served().ask(method, path)
    assert (status, body["status"]) == (200, "ok")
    assert body["timestamp"].endswith("Z")


async def test_a_draining_gateway_lives_but_is_not_ready() -> None:
    served = Served()
    served.scene.gateway.draining = True
    assert (await served.ask("GET", "/health/ready"))[0] == 503
    assert (await served.ask("GET", "/health/live"))[0] == 200


async def test_the_root_says_where_everything_is() -> None:
    status, body = await Served().ask("GET", "/", host="gate.test:8080")
    assert status == 200
    assert b"http://gate.test:8080/admin" in body


async def test_the_models_are_listed_and_shown() -> None:
    served = Served()
    _, body = await served.ask("GET", "/v1/models")
    assert [entry["id"] for entry in body["data"]] == ["fast", "m"]
    assert (await served.ask("GET", "/v1/models/fast"))[1]["id"] == "fast"
    assert (await served.ask("GET", "/v1/models/f%61st"))[1]["id"] == "fast"
    status, body = await served.ask("GET", "/v1/models/none")
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
    status, body = await served.ask(method, path)
    assert status == 405
    assert served.headers()[b"allow"] == allow
    assert served.headers()[b"x-request-id"]
    assert "error" in body


@pytest.mark.parametrize("path", ["/v2", "/v1/chat/completions/", "/v1/Models", "/v1/modelsx"])
async def test_a_path_that_is_not_there_is_404(path: str) -> None:
    status, body = await Served().ask("GET", path)
    assert (status, body["error"]["code"]) == (404, "not_found")


async def test_an_error_below_messages_is_told_in_its_dialect() -> None:
    status, body = await Served().ask("GET", "/v1/messages/nothing")
    assert (status, body["type"]) == (404, "error")
    assert body["error"]["type"] == "not_found_error"


async def test_the_admin_application_is_made_at_its_first_request() -> None:
    served = Served()
    await served.ask("GET", "/health")
    assert served.admins == 0
    for path in ("/admin", "/admin/users"):
        await served.ask("GET", path)
        assert served.sent == [{"admin": path.encode()}]
    assert served.admins == 1
    assert (await served.ask("GET", "/administrators"))[0] == 404


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
        status, body = await served.ask("POST", "/v1/messages", asking("messages"))
    assert status == 500
    assert body["error"]["type"] == "api_error"
    assert served.scene.gateway.mint() in body["error"]["message"]
    assert "secret" not in str(body)
    assert "ZeroDivisionError" in caplog.text


class FaultyLater(Filter):
    """Has a bug where an exchange is closed."""

    @override
    def close(self, exchange: Exchange) -> None:
        raise ZeroDivisionError


async def test_a_bug_behind_the_answer_says_nothing_more() -> None:
    served = Served(Scene(FakeAnswer(*CHAT), filters=[FaultyLater()]))
    status, body = await served.ask("POST", "/v1/chat/completions", asking(stream=True))
    assert status == 200
    assert b"report it" not in body


async def test_a_caller_who_left_is_told_nothing() -> None:
    served = Served(Scene(None))
    served.leaves = True
    assert await served.ask("POST", "/v1/chat/completions", asking()) == (0, None)
    assert served.scene.outcome == "client_closed"
