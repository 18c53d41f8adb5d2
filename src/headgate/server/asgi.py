"""The gateway as one ASGI callable: an exact table of routes, no framework, and the except behind
which no bug reaches a caller."""

import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from headgate.dialects.dialect import CallerHalf, Dialect
from headgate.dialects.endpoints import find as find_endpoint
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.run import run
from headgate.ports import CallerLeft
from headgate.server.conversations import serve_conversations
from headgate.server.cycle import Cycle
from headgate.server.direct import CallersEnd, Direct, downstream_of
from headgate.server.discovery import list_models, show_model
from headgate.server.door import Refusal
from headgate.server.early import Early
from headgate.server.head import Head
from headgate.server.inference import (
    asked_of,
    headers_of,
    open_exchange,
    peer_of,
    read_headers,
    serve_inference,
)
from headgate.server.interface import App, Receive, Scope, Send
from headgate.server.scraping import Scraping
from headgate.server.stored import serve_stored
from headgate.wire import json_text

_LOG = logging.getLogger(__name__)

INFERENCE = {
    "/v1/chat/completions": DIALECTS["chat"],
    "/v1/messages": DIALECTS["messages"],
    "/v1/responses": DIALECTS["responses"],
}
_MODELS = b"/v1/models"
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Application:
    """Routes requests: inference to the trunk, ``/admin`` to the admin application.

    `open_admin` makes the admin application at the first request for it, so that a gateway which
    nobody administers does not pay for it.
    """

    def __init__(
        self,
        gateway: Gateway,
        open_admin: Callable[[], App],
        scraping: Scraping | None = None,
        early: Early | None = None,
    ) -> None:
        self._gateway = gateway
        self._scraping = scraping
        self._early = early
        self._open_admin = open_admin
        self._admin: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            return
        path: bytes = scope["raw_path"]
        if path == b"/admin" or path.startswith(b"/admin/"):
            await self._admin_app()(scope, receive, send)
            return
        downstream = downstream_of(scope, receive, send)
        await self._carry_out(self._serve(path, scope, downstream), path, downstream)

    def refusal(self, head: Head) -> Refusal | None:
        """See `headgate.server.door.Door`: strangers in a crowd are turned away."""
        early, now = self._early, time.monotonic()
        if early is None or head.method != "POST" or not early.is_crowded(now):
            return None
        dialect = INFERENCE.get(head.path) or find_endpoint(head.path)
        return None if dialect is None else early.refusal(dialect, headers_of(head), now)

    def way_in(self, cycle: Cycle) -> Coroutine[Any, Any, None] | None:
        """See `headgate.server.door.Door`: inference needs no messages."""
        head = cycle.head
        dialect = INFERENCE.get(head.path) or find_endpoint(head.path)
        if dialect is None or head.method != "POST":
            return None
        downstream = Direct(cycle)
        exchange = open_exchange(self._gateway, dialect, asked_of(cycle))
        serving = run(self._gateway, exchange, downstream)
        return self._carry_out(serving, head.path.encode(), downstream)

    async def _carry_out(
        self, serving: Coroutine[Any, Any, None], path: bytes, downstream: CallersEnd
    ) -> None:
        """Whatever happens, something is told where something can be."""
        try:
            await serving
        except CallerLeft:
            pass
        except Refused as refusal:
            if downstream.started:
                downstream.abort()  # nothing else can be said behind half an answer
            else:
                await _refuse(downstream, path, refusal.fault, self._gateway.mint())
        except Exception:  # noqa: BLE001 - no traceback ever reaches a caller
            _LOG.exception("a request failed inside the gateway")
            await _apologise(downstream, path, self._gateway.mint())
        finally:
            downstream.close()

    def _admin_app(self) -> App:
        if self._admin is None:
            self._admin = self._open_admin()
        return self._admin

    async def _serve(self, path: bytes, scope: Scope, downstream: CallersEnd) -> None:
        dialect = INFERENCE.get(path.decode("latin-1")) or find_endpoint(scope["path"])
        if dialect is not None:
            _expect_method(scope, "POST")
            await serve_inference(self._gateway, dialect, scope, downstream)
            return
        if path.startswith(b"/v1/responses/"):
            await serve_stored(self._gateway, scope, downstream)
            return
        if path == b"/v1/conversations" or path.startswith(b"/v1/conversations/"):
            await serve_conversations(self._gateway, scope, downstream)
            return
        if path == _MODELS or path.startswith(_MODELS + b"/"):
            _expect_method(scope, "GET", "HEAD")
            await self._models(path, scope, downstream)
            return
        await self._plain(path, scope, downstream)

    async def _models(self, path: bytes, scope: Scope, downstream: CallersEnd) -> None:
        headers = read_headers(scope["headers"])
        name = unquote(path[len(_MODELS) + 1 :].decode("latin-1"))
        if name:
            body = await show_model(self._gateway, headers, name, peer_of(scope))
        else:
            body = await list_models(self._gateway, headers, peer_of(scope))
        await downstream.respond(200, [_JSON], body)

    async def _plain(self, path: bytes, scope: Scope, downstream: CallersEnd) -> None:
        if path == b"/":
            _expect_method(scope, "GET", "HEAD")
            await downstream.respond(200, [_TEXT], _welcome(scope))
            return
        if path == b"/metrics" and self._scraping is not None:
            _expect_method(scope, "GET", "HEAD")
            headers, text = await self._scraping.answer(read_headers(scope["headers"]))
            await downstream.respond(200, headers, text)
            return
        if path not in (b"/health", b"/health/live", b"/health/ready"):
            raise Refused(Fault(kind="not_found", message="There is nothing at this path."))
        _expect_method(scope, "GET", "HEAD")
        stopping = self._gateway.draining and path == b"/health/ready"
        status = {"status": "draining" if stopping else "ok", "timestamp": _now()}
        await downstream.respond(503 if stopping else 200, [_JSON], json_text.encode(status))


def _expect_method(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        message = f"This path takes {' and '.join(methods)} only."
        headers = (("allow", ", ".join(methods)),)
        raise Refused(Fault(kind="method_not_allowed", message=message, headers=headers))


def _dialect_of(path: bytes) -> CallerHalf:
    """The dialect in which an error at `path` is told."""
    dialect: Dialect = DIALECTS["messages" if path.startswith(b"/v1/messages") else "chat"]
    assert dialect.caller is not None, "both are spoken by callers"
    return dialect.caller


async def _refuse(downstream: CallersEnd, path: bytes, fault: Fault, request_id: str) -> None:
    body = _dialect_of(path).write_error(fault, request_id)
    headers = [_JSON, (b"x-request-id", request_id.encode())]
    headers += [(name.encode(), value.encode()) for name, value in fault.headers]
    try:
        await downstream.respond(fault.http_status, headers, body)
    except CallerLeft:
        pass


async def _apologise(downstream: CallersEnd, path: bytes, request_id: str) -> None:
    if downstream.started:
        downstream.abort()
        return
    message = f"The gateway failed. Please report it with the request id {request_id}."
    await _refuse(downstream, path, Fault(kind="internal", message=message), request_id)


def _welcome(scope: Scope) -> bytes:
    host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
    address = f"{scope.get('scheme', 'http')}://{host}"
    return f"Headgate. Console: {address}/admin  API reference: {address}/admin/docs\n".encode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
