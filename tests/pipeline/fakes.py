"""The two ends of an exchange as fakes, and a gateway between them made by hand."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec
from typing_extensions import override

from headgate.backends.backend import Backend
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Refused, bad_request
from headgate.model.outcome import Outcome
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter, bind
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.run import run
from headgate.pipeline.snapshot import Settings, Snapshot
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import Watch
from headgate.ports import CallerLeft, Headers, PushedBody
from headgate.routing.target import Route, Target
from headgate.upstream.answer import (
    Answer,
    AnswerBroken,
    Call,
    PushAnswer,
    TargetUnreachable,
)
from tests.pipeline.samples import JSON, REPLY, SEED, SSE, asking


class FakeAnswer:
    """An answer that gives its pieces and then ends cleanly, breaks, or never goes on.

    One that is `held` gives nothing before ``go`` is set.
    """

    def __init__(
        self,
        *pieces: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        then: Literal["end", "break", "wait"] = "end",
        held: bool = False,
    ) -> None:
        self.status = status
        self.headers: Mapping[str, str] = SSE if headers is None else headers
        self.closed = 0
        self.read_out = False
        self.dry = asyncio.Event()
        """Set when somebody waits for what never comes."""
        self.go = asyncio.Event()
        if not held:
            self.go.set()
        self._pieces = list(pieces)
        self._then = then

    async def read(self) -> bytes:
        assert not self.closed, "read after close"
        await self.go.wait()
        await asyncio.sleep(0)
        if self._pieces:
            return self._pieces.pop(0)
        if self._then == "break":
            raise AnswerBroken("the connection was lost inside the answer")
        if self._then == "wait":
            self.dry.set()
            await asyncio.Event().wait()
        self.read_out = True
        return b""

    def close(self) -> None:
        self.closed += 1

    def pushing(self) -> PushAnswer | None:
        """There is only `read`."""
        return None


def reply(body: bytes = REPLY, status: int = 200, **headers: str) -> FakeAnswer:
    """A whole JSON answer; underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return FakeAnswer(body, status=status, headers={**JSON, **named})


def refusal(status: int, message: str = "no", **headers: str) -> FakeAnswer:
    """An error answer in OpenAI's form."""
    error = {"message": message, "type": "t", "param": None, "code": None}
    return reply(msgspec.json.encode({"error": error}), status, **headers)


Plan = FakeAnswer | TargetUnreachable | None
"""What a call meets; None: it waits for ever."""


class FakeUpstream:
    """Answers the calls with what was planned, in order, and keeps them."""

    def __init__(self, *plans: Plan) -> None:
        self.calls: list[Call] = []
        self.asked = asyncio.Event()
        self._plans = list(plans)

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        self.asked.set()
        await asyncio.sleep(0)
        assert self._plans, f"nobody planned the call {call.url}"
        plan = self._plans.pop(0)
        if plan is None:
            await asyncio.Event().wait()
        if isinstance(plan, TargetUnreachable):
            raise plan
        assert plan is not None
        return plan

    async def aclose(self) -> None:
        """Nothing is kept."""


class FakeDownstream:
    """A caller that takes everything, until it leaves or stops reading."""

    def __init__(self, body: bytes = b"") -> None:
        self.started = False
        self.pushes = False
        """Whether it takes pieces without waiting."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.ending: Literal["open", "finished", "aborted"] = "open"
        self.left = False
        self.reads = True
        self.refusal: Refused | None = None
        self.taken = False
        """Whether its body was asked for."""
        self.told = asyncio.Event()
        """Set at every piece."""
        self.leave_at: bytes | None = None
        """Leaves as soon as this was written."""
        self._body = body
        self._callbacks: list[Callable[[], None]] = []

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def unsent(self) -> int:
        return 0 if self.reads else len(self.body)

    def leave(self) -> None:
        self.left = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_leave(self, callback: Callable[[], None]) -> None:
        if self.left:
            callback()
        else:
            self._callbacks.append(callback)

    async def read_body(self, limit: int) -> bytes:
        self.taken = True
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        if len(self._body) > limit:
            raise bad_request("too large")
        return self._body

    async def read_piece(self) -> bytes:
        self.taken = True
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        body, self._body = self._body, b""
        return body

    async def start(self, status: int, headers: Headers) -> None:
        assert not self.started, "started twice"
        self._check()
        self.started = True
        self.status = status
        self.headers = {name.decode(): value.decode() for name, value in headers}

    async def write(self, data: bytes) -> None:
        assert self.started, "a piece before the status"
        self._check()
        self.pieces.append(data)
        self.told.set()
        if not self.reads:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.leave_at is not None and self.leave_at in data:
            self.leave()
        self._check()

    def push(self, data: bytes) -> bool:
        assert self.started, "a piece before the status"
        assert self.ending != "finished", "something was said after the end"
        if not self.left:
            self.pieces.append(data)
            self.told.set()
        return self.reads

    async def room(self) -> None:
        while not self.reads:
            await asyncio.sleep(0)

    def pushing(self) -> PushedBody | None:
        return self if self.pushes else None

    async def finish(self) -> None:
        self._check()
        self.ending = "finished"
        self._callbacks.clear()

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, headers)
        if body:
            await self.write(body)
        await self.finish()

    def abort(self) -> None:
        self.ending = "aborted"
        self.left = True

    def _check(self) -> None:
        assert self.ending != "finished", "something was said after the end"
        if self.left:
            raise CallerLeft


class Notes(Filter):
    """Notes what the trunk tells the filters."""

    def __init__(self) -> None:
        self.prepared: list[int] = []
        self.settled: list[tuple[int, Outcome]] = []
        self.closed: list[tuple[int, Outcome]] = []
        self.ended = True
        """Whether every attempt had its end when it was settled."""

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        self.prepared.append(attempt.number)

    @override
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        self.settled.append((attempt.number, attempt.outcome))
        self.ended = self.ended and attempt.ended_at is not None

    @override
    def close(self, exchange: Exchange) -> None:
        self.closed.append((exchange.status, exchange.outcome))


def backend(name: str = "one", **changes: Any) -> Backend:
    """A backend of the chat dialect."""
    fields: dict[str, Any] = {
        "base_url": f"http://{name}.test",
        "vendor": "openai",
        "api_key": f"key-{name}",
        "models": ("m",),
    }
    return Backend(name=name, **{**fields, **changes})


def route(*targets: str, **changes: Any) -> Route:
    """The route ``fast``: a target a backend, in order, retries without a pause."""
    return Route(
        name="fast",
        targets=tuple(Target(name, f"{name}-model", priority=n) for n, name in enumerate(targets)),
        **changes,
    )


def gateway_of(snapshot: Snapshot, upstream: FakeUpstream, *filters: Filter) -> Gateway:
    """A gateway whose clock stands and whose dice always fall alike."""
    lists = ModelLists(lambda backend: upstream)
    lists.use(snapshot.backends)
    return Gateway(
        snapshot=snapshot,
        upstream_for=lambda backend: upstream,
        lists=lists,
        phases=bind(filters),
        wall=lambda: 1000.0,
        draw=lambda: 0.0,
        mint=lambda: SEED,
    )


def exchange_of(
    snapshot: Snapshot,
    dialect: str = "chat",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    """An exchange that has just begun."""
    caller = DIALECTS[dialect].caller
    assert caller is not None
    return Exchange(
        id="req_1",
        endpoint="/v1/test",
        dialect=DIALECTS[dialect],
        caller=caller,
        snapshot=snapshot,
        headers=dict(headers or {}),
        created_at=1000.0,
        began=asyncio.get_running_loop().time(),
    )


class Scene:
    """One exchange: the plans of the upstream, what the caller asks, and what came of it.

    By default an open gateway with the backend ``one`` and the route ``fast`` to it; a heartbeat
    only where `settings` has one.
    """

    def __init__(
        self,
        *plans: Plan,
        dialect: str = "chat",
        body: bytes | None = None,
        backends: Iterable[Backend] = (),
        routes: Iterable[Route] = (),
        settings: Settings | None = None,
        filters: Iterable[Filter] = (),
        headers: Mapping[str, str] | None = None,
        **asked: Any,
    ) -> None:
        backends, routes = tuple(backends) or (backend(),), tuple(routes)
        routes = routes or (route(*(b.name for b in backends)),)
        self.snapshot = Snapshot(
            settings=settings or Settings(heartbeat_s=0),
            backends={b.name: b for b in backends},
            routes={r.name: r for r in routes},
            open=True,
        )
        self.upstream = FakeUpstream(*plans)
        self.downstream = FakeDownstream(asking(dialect, **asked) if body is None else body)
        self.notes = Notes()
        self.gateway = gateway_of(self.snapshot, self.upstream, self.notes, *filters)
        self.exchange = exchange_of(self.snapshot, dialect, headers=headers)

    async def run(self) -> "FakeDownstream":
        """Carries the exchange out and returns the caller's end."""
        await run(self.gateway, self.exchange, self.downstream)
        assert not self.gateway.running
        assert self.notes.prepared == [number for number, _ in self.notes.settled]
        assert self.notes.ended
        assert len(self.notes.closed) == 1
        return self.downstream

    async def run_until(self, event: asyncio.Event) -> "asyncio.Task[FakeDownstream]":
        """Begins the exchange and returns once `event` is set."""
        running = asyncio.ensure_future(self.run())
        await event.wait()
        return running

    def turn(self, body: bytes | None = None) -> Turn:
        """The exchange as a step of the story sees it, its body read."""
        exchange = self.exchange
        exchange.body = self.downstream._body if body is None else body
        exchange.envelope = exchange.caller.read_envelope(exchange.body)
        exchange.estimate_input()
        return Turn(self.gateway, exchange, self.downstream, Watch())

    @property
    def outcome(self) -> Outcome:
        """How the exchange was closed."""
        return self.notes.closed[0][1]

    @property
    def settled(self) -> list[Outcome]:
        """How each attempt was settled."""
        return [outcome for _, outcome in self.notes.settled]


def error_in(downstream: FakeDownstream) -> dict[str, Any]:
    """The error that the caller was told before a stream began."""
    body: dict[str, Any] = msgspec.json.decode(downstream.body)
    error: dict[str, Any] = body["error"]
    return error
