"""`create_app`: an agent as an ASGI application in three dialects, without a framework."""

import secrets
import time

from headgate.agents.agent import Agent
from headgate.agents.ask import Ask, read_json, read_upload
from headgate.agents.body import read_body
from headgate.agents.interface import JSON, App, Receive, Scope, Send, respond
from headgate.agents.key import check_key
from headgate.agents.run import Desk, Limits
from headgate.agents.sessions import Sessions
from headgate.agents.telling import Exchange, StreamTelling, Telling, WholeTelling, refuse
from headgate.agents.usage import tokens_in
from headgate.dialects.dialect import CallerHalf, Dialect, ReplyContext
from headgate.dialects.model_list import MODELS_PATH, model_entry, model_list
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused, expect_method
from headgate.ports import CallerLeft
from headgate.wire import json_text

BEAT_S = 15.0
MOST_REQUESTS = 1000
"""Requests that may run or wait at once."""

_ENDPOINTS = {
    "/v1/chat/completions": DIALECTS["chat"],
    "/v1/responses": DIALECTS["responses"],
    "/v1/messages": DIALECTS["messages"],
}


def create_app(
    agent: Agent,
    *,
    model_name: str,
    api_key: str | None = None,
    timeout: float | None = 120.0,
) -> App:
    """An ASGI application that serves `agent` as the model `model_name`.

    `api_key` None: nobody is asked for a key. `timeout` in seconds counts from the whole request
    to the whole answer; None: as long as it takes. Raises TypeError where `agent` is none, and
    ValueError for a key or name that is empty or a time-out that is not positive.
    """
    if not callable(getattr(agent, "process_direct", None)):
        raise TypeError(f"{type(agent).__name__} is no agent: it has no method process_direct")
    if not model_name:
        raise ValueError("model_name must not be empty")
    if api_key is not None and not api_key.strip():
        raise ValueError("api_key must not be empty; leave it out to serve without a key")
    if timeout is not None and not timeout > 0:
        raise ValueError("timeout must be positive, or None")
    sessions = Sessions(MOST_REQUESTS)
    desk = Desk(agent, sessions, Limits(timeout, BEAT_S))
    return AgentApp(model_name, api_key, sessions, desk)


class AgentApp:
    """The application: routes, the key, and what is said in which dialect."""

    def __init__(
        self, model_name: str, api_key: str | None, sessions: Sessions, desk: Desk
    ) -> None:
        self._model = model_name
        self._key = None if api_key is None else api_key.strip().encode()
        self._sessions = sessions
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        if scope["type"] != "http":
            return
        request_id = f"req_{secrets.token_hex(12)}"
        try:
            await self._serve(scope, receive, send, request_id)
        except Refused as refusal:
            await refuse(send, _caller_of(scope["path"]), refusal.fault, request_id)
        except CallerLeft:
            return

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._sessions.cancel()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        path = scope["path"]
        if path == "/health":
            expect_method(scope["method"], "GET", "HEAD")
            await respond(send, 200, JSON, b'{"status":"ok"}')
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        check_key(headers, self._key)
        if path == MODELS_PATH or path.startswith(f"{MODELS_PATH}/"):
            expect_method(scope["method"], "GET", "HEAD")
            await respond(send, 200, JSON, self._models(path[len(MODELS_PATH) + 1 :]))
            return
        dialect = _ENDPOINTS.get(path)
        if dialect is None:
            raise Refused(Fault(kind="not_found", message="There is nothing at this path."))
        expect_method(scope["method"], "POST")
        body = await read_body(headers, receive)
        ask = self._read(dialect, headers.get(b"content-type", b"").decode("latin-1"), body)
        await self._desk.serve(ask, self._telling(ask, dialect, send, request_id), receive)

    def _models(self, name: str) -> bytes:
        if not name:
            return json_text.encode(model_list([self._model]))
        if name != self._model:
            message = f"Only configured model '{self._model}' is available"
            raise Refused(Fault(kind="model_not_found", message=message, param="model"))
        return json_text.encode(model_entry(self._model))

    def _read(self, dialect: Dialect, content_type: str, body: bytes) -> Ask:
        if not content_type.lower().startswith("multipart/"):
            return read_json(_caller(dialect), body, self._model)
        if dialect.name != "chat" or not content_type.lower().startswith("multipart/form-data"):
            message = "This path takes application/json."
            if dialect.name == "chat":
                message = "This path takes application/json or multipart/form-data."
            raise Refused(Fault(kind="unsupported_media_type", message=message))
        return read_upload(content_type, body, self._model)

    def _telling(self, ask: Ask, dialect: Dialect, send: Send, request_id: str) -> Telling:
        context = ReplyContext(
            id_seed=secrets.token_hex(12),
            created=int(time.time()),
            model=self._model,
            request=ask.request,
            input_estimate=tokens_in(ask.content),
        )
        headers = [(b"x-request-id", request_id.encode())]
        if ask.lost:
            headers.append((b"x-headgate-lost", ", ".join(ask.lost).encode()))
        exchange = Exchange(_caller(dialect), dialect.name, request_id, context, tuple(headers))
        if ask.request.stream:
            return StreamTelling(exchange, send)
        return WholeTelling(exchange, send)


def _caller_of(path: str) -> CallerHalf:
    """The dialect in which an error at `path` is told."""
    return _caller(_ENDPOINTS.get(path, DIALECTS["chat"]))


def _caller(dialect: Dialect) -> CallerHalf:
    assert dialect.caller is not None, f"{dialect.name} is spoken to backends only"
    return dialect.caller
