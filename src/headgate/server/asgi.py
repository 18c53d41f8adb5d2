"""The gateway as one ASGI callable: an exact table of routes, no framework, and the except behind
which no bug reaches a caller."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from headgate.dialects import model_list
from headgate.dialects.dialect import CallerHalf, Dialect
from headgate.dialects.endpoints import find as find_endpoint
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused, expect_method
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.run import run
from headgate.pipeline.telling import id_headers
from headgate.ports import CallerLeft
from headgate.server import conversations, discovery, stored
from headgate.server.cycle import Cycle
from headgate.server.direct import CallersEnd, Direct, downstream_of
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
from headgate.wire import json_text

_LOG = logging.getLogger(__name__)

INFERENCE = {
    "/v1/chat/completions": DIALECTS["chat"],
    "/v1/messages": DIALECTS["messages"],
    "/v1/responses": DIALECTS["responses"],
}
_KEPT = (model_list.MODELS_PATH, stored.FAMILY, conversations.FAMILY)
"""Families of paths that show a caller what there is for it; an exchange they are not."""
_DIALECT_OF_KEPT = DIALECTS["chat"]
"""In which errors below them are told."""
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Application:
    """Routes requests: inference to the trunk, ``/admin`` to the admin application.

    `open_admin` makes the admin application at the first request for it, so that a gateway which
    nobody administers does not pay for it; in a thread, since streams must not wait for that.
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
        self._admin: asyncio.Task[App] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            return
        path: bytes = scope["raw_path"]
        if path == b"/admin" or path.startswith(b"/admin/"):
            admin = await self._admin_app()
            await admin(scope, receive, send)
            return
        downstream = downstream_of(scope, receive, send)
        await self._carry_out(self._serve(path, scope, downstream), path, downstream)

    def refusal(self, head: Head) -> Refusal | None:
        """See `headgate.server.door.Door`: strangers are turned away, in a crowd where a request
        of theirs is an exchange."""
        early, path = self._early, head.path
        if early is None:
            return None
        dialect = INFERENCE.get(path) or find_endpoint(path)
        if dialect is None:
            known_first = _is_decided_by_key(head)
            return early.refusal(_DIALECT_OF_KEPT, headers_of(head)) if known_first else None
        now = time.monotonic()
        if head.method != "POST" or not early.is_crowded(now):
            return None
        return early.counted_refusal(dialect, headers_of(head), now)

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
                await _refuse(downstream, path, refusal.fault, self._new_id())
        except Exception:  # noqa: BLE001 - no traceback ever reaches a caller
            _LOG.exception("a request failed inside the gateway")
            await _apologise(downstream, path, self._new_id())
        finally:
            downstream.close()

    def _new_id(self) -> str:
        return f"req_{self._gateway.mint()}"

    async def _admin_app(self) -> App:
        if self._admin is None:
            self._admin = asyncio.create_task(asyncio.to_thread(self._open_admin))
        return await asyncio.shield(self._admin)

    async def _serve(self, path: bytes, scope: Scope, downstream: CallersEnd) -> None:
        asked = path.decode("latin-1")
        dialect = INFERENCE.get(asked) or find_endpoint(asked)
        if dialect is not None:
            expect_method(scope["method"], "POST")
            await serve_inference(self._gateway, dialect, scope, downstream)
            return
        match _family_of(path.decode("latin-1")):
            case stored.FAMILY:
                await stored.serve_stored(self._gateway, scope, downstream)
            case conversations.FAMILY:
                await conversations.serve_conversations(self._gateway, scope, downstream)
            case model_list.MODELS_PATH:
                expect_method(scope["method"], "GET", "HEAD")
                name = unquote(path[len(model_list.MODELS_PATH) + 1 :].decode("latin-1"))
                await self._models(name, scope, downstream)
            case _:
                await self._plain(path, scope, downstream)

    async def _models(self, name: str, scope: Scope, downstream: CallersEnd) -> None:
        headers = read_headers(scope["headers"])
        if name:
            body = await discovery.show_model(self._gateway, headers, name, peer_of(scope))
        else:
            body = await discovery.list_models(self._gateway, headers, peer_of(scope))
        await downstream.respond(200, [_JSON], body)

    async def _plain(self, path: bytes, scope: Scope, downstream: CallersEnd) -> None:
        if path == b"/":
            expect_method(scope["method"], "GET", "HEAD")
            await downstream.respond(200, [_TEXT], _welcome(scope))
            return
        if path == b"/metrics" and self._scraping is not None:
            expect_method(scope["method"], "GET", "HEAD")
            headers, text = await self._scraping.answer(read_headers(scope["headers"]))
            await downstream.respond(200, headers, text)
            return
        if path not in (b"/health", b"/health/live", b"/health/ready"):
            raise Refused(Fault(kind="not_found", message="There is nothing at this path."))
        expect_method(scope["method"], "GET", "HEAD")
        stopping = self._gateway.draining and path == b"/health/ready"
        status = {"status": "draining" if stopping else "ok", "timestamp": _now()}
        await downstream.respond(503 if stopping else 200, [_JSON], json_text.encode(status))


def _family_of(path: str) -> str | None:
    """Which of `_KEPT` it belongs to."""
    family = "/".join(path.split("/", 3)[:3])
    return family if family in _KEPT else None


def _is_decided_by_key(head: Head) -> bool:
    """Whether a stranger is told nothing there but that its key is not valid."""
    if "%" in head.path or head.method == "HEAD":
        return False  # the path has a second reading, the answer no body
    family = _family_of(head.path)
    return family is not None and (head.method == "GET" or family != model_list.MODELS_PATH)


def _dialect_of(path: bytes) -> CallerHalf:
    """The dialect in which an error at `path` is told."""
    dialect: Dialect = DIALECTS["messages" if path.startswith(b"/v1/messages") else "chat"]
    assert dialect.caller is not None, "both are spoken by callers"
    return dialect.caller


async def _refuse(downstream: CallersEnd, path: bytes, fault: Fault, request_id: str) -> None:
    body = _dialect_of(path).write_error(fault, request_id)
    told = (*id_headers(request_id), *fault.headers)
    headers = [_JSON, *((name.encode(), value.encode()) for name, value in told)]
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
