"""The scripted upstream as an ASGI application: light, without global state, one instance for
any number of connections."""

import secrets
import time
from collections import deque
from collections.abc import Sequence

from headgate.mock import listings, others, paths
from headgate.mock.paths import Place
from headgate.mock.perform import Receive, Scope, Send, perform
from headgate.mock.play import Ask, Framing, Plan, Seed, error_plan, json_plan, plan
from headgate.mock.script import DialectName, Script, ScriptError, models_in, read_scripts
from headgate.mock.visits import Visit, Visits, join_headers
from headgate.mock.voice import Failure, Payload
from headgate.wire import json_text

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request that are read; more is answered with 413."""

_ECHO = Script()


class MockUpstream:
    """The application and what a test may ask of it from any thread."""

    def __init__(self, models: Sequence[str], keep_requests: int) -> None:
        self._models = list(models)
        self._turns: deque[tuple[Script, int | None]] = deque()
        self._visits = Visits(keep_requests)

    def follow(self, scripts: Sequence[Script]) -> None:
        """The next answers follow `scripts`, in place of those before."""
        self._turns = deque((script, script.repeat) for script in scripts)

    def reset(self) -> None:
        """Forgets the scripts and what arrived."""
        self._turns = deque()
        self._visits.clear()

    def requests(self) -> list[Payload]:
        """What arrived, oldest first, as ``GET /__requests`` shows it."""
        return self._visits.as_json()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        visit = Visit(
            method=method,
            path=path,
            query=scope.get("query_string", b"").decode("latin-1"),
            headers=join_headers(list(scope.get("headers", ()))),
            body=b"",
            at=time.time(),
            arrived_s=time.monotonic(),
        )
        if not path.startswith("/__"):
            self._visits.add(visit)
        try:
            body = await _read(receive)
            if body is not None:
                visit.body = body
                chosen = self._plan(visit)
                visit.finished = await perform(chosen, scope, receive, send)
        except ConnectionResetError:
            visit.finished = True
            raise
        finally:
            if not visit.finished:
                visit.leave(time.monotonic())

    def _plan(self, visit: Visit) -> Plan:
        if visit.path in ("/__script", "/__requests"):
            return self._control(visit)
        place = paths.find(visit.path)
        if place is None:
            return _refuse(404, f"There is nothing at {visit.path}.")
        if visit.method != place.method and (visit.method, place.method) != ("HEAD", "GET"):
            return _refuse(405, f"{visit.path} takes {place.method}.", place.dialect)
        if len(visit.body) > MAX_BODY:
            return _refuse(413, f"The body is larger than {MAX_BODY} bytes.", place.dialect)
        return self._get(place) if place.method == "GET" else self._post(place, visit)

    def _control(self, visit: Visit) -> Plan:
        match visit.method, visit.path:
            case "POST", "/__script":
                return self._take_scripts(visit.body)
            case "DELETE", "/__script":
                self.reset()
                return json_plan(200, b'{"reset":true}')
            case "GET", "/__requests":
                return json_plan(200, json_text.encode(self.requests()))
            case _:
                return _refuse(405, f"{visit.path} does not take {visit.method}.")

    def _take_scripts(self, body: bytes) -> Plan:
        try:
            scripts = read_scripts(body)
        except ScriptError as error:
            words = {"message": str(error), "type": "invalid_request_error", "param": error.key}
            return json_plan(400, json_text.encode({"error": {**words, "code": "invalid_script"}}))
        self.follow(scripts)
        return json_plan(200, json_text.encode({"scripts": len(scripts)}))

    def _get(self, place: Place) -> Plan:
        if place.kind == "front":
            return json_plan(200, b'{"service":"headgate mock"}')
        scripted = models_in(tuple(script for script, _ in self._turns))
        models = list(dict.fromkeys([*self._models, *scripted]))
        if place.kind == "models":
            return json_plan(200, json_text.encode(listings.model_list(models, place.dialect)))
        if place.model not in models:
            return _refuse(404, f"There is no model {place.model}.", place.dialect)
        return json_plan(200, json_text.encode(listings.model(place.model, place.dialect)))

    def _post(self, place: Place, visit: Visit) -> Plan:
        body = json_text.object_or_none(visit.body)
        if body is None and place.kind != "echo":
            return _refuse(400, "The body is not a JSON object.", place.dialect)
        ask = _ask(place, visit, body or {})
        return plan(self._next(), ask, Seed(secrets.token_hex(12), int(time.time())))

    def _next(self) -> Script:
        if not self._turns:
            return _ECHO
        script, left = self._turns[0]
        if left == 1:
            self._turns.popleft()
        elif left is not None:
            self._turns[0] = (script, left - 1)
        return script


def create_app(models: Sequence[str] = ("mock",), keep_requests: int = 1000) -> MockUpstream:
    """A scripted upstream that lists `models` and remembers the last `keep_requests` requests."""
    return MockUpstream(models, keep_requests)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(receive: Receive) -> bytes | None:
    """The body; of a larger one than is allowed, a byte too many; None: the caller left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY or not message.get("more_body", False):
            return bytes(body[: MAX_BODY + 1])


def _ask(place: Place, visit: Visit, body: Payload) -> Ask:
    named = body.get("model")
    model = place.model or (named if isinstance(named, str) and named else "mock")
    return Ask(
        dialect=place.dialect,
        body=body,
        model=model,
        framing=_framing(place, visit.query, body),
        fixed=_fixed(place, visit.path, body, model),
    )


def _framing(place: Place, query: str, body: Payload) -> Framing:
    if place.dialect == "gemini":
        if not place.streams:
            return "json"
        return "sse" if "alt=sse" in query.split("&") else "array"
    return "sse" if place.kind == "generate" and body.get("stream") is True else "json"


def _fixed(place: Place, path: str, body: Payload, model: str) -> Payload | None:
    if place.kind == "count":
        return listings.token_count(place.dialect, body)
    if place.kind == "embed":
        return listings.embeddings(body, model)
    return others.answer(path, body, model) if place.kind == "echo" else None


def _refuse(status: int, message: str, dialect: DialectName = "chat") -> Plan:
    return error_plan(dialect, Failure(status=status, message=message))
