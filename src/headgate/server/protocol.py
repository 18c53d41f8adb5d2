"""HTTP/1.1 at the socket: one connection, with bounds, timers and one reading of every byte.

Reading has one alarm, whatever is being waited for; a connection that is deaf reads no more, since
it was refused or had its last request. Answers leave in the order of the requests; a refusal waits
for its turn too.
"""

import asyncio
import secrets
import urllib.parse
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl

from headgate.model.addresses import is_loopback
from headgate.model.fault import Fault, Refused
from headgate.server.alarm import Alarm
from headgate.server.connection import reset
from headgate.server.cutter import Cutter
from headgate.server.cycle import Cycle, write_answer
from headgate.server.door import Door, Refusal, no_door
from headgate.server.head import Head
from headgate.server.interface import App, Scope
from headgate.server.limits import Limits
from headgate.server.refusal import write_refusal
from headgate.server.state import State


class Protocol(asyncio.Protocol):
    """One connection, made as uvicorn makes those of its ``http`` setting; `limits` and `door` come
    by a subclass (see `bounded`). Requests go in by the door where it takes them, else as ASGI to
    the configuration's application."""

    limits = Limits()
    door: Callable[[], Door | None] = staticmethod(no_door)

    def __init__(
        self,
        config: Config,
        server_state: State,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app = cast(App, config.loaded_app)
        self._door = self.door()
        self._limits = self.limits
        self._state = server_state
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._reading = Alarm(self._loop, self._on_quiet)
        self._writing = Alarm(self._loop, self._on_write_stall)
        self._unsent = 0
        self._loopback = False
        self._server: tuple[str, int] | None = None
        self._running: Cycle | None = None
        self._last: Cycle | None = None
        self._cutter = Cutter(self._limits)
        self._held = b""
        self._deaf = False
        self._refusal = b""
        self.client: tuple[str, int] | None = None
        self.pipeline: deque[Cycle] = deque()

    # What the transport says

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._state.connections.add(self)  # type: ignore[arg-type]
        self.transport = cast(asyncio.Transport, transport)
        self.flow = FlowControl(self.transport)
        self._server = _address(transport.get_extra_info("sockname"))
        self.client = _address(transport.get_extra_info("peername"))
        self._loopback = self.client is None or is_loopback(self.client[0])
        self._reading.set_in(self._limits.header_s)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._state.connections.discard(self)
        self._reading.cancel()
        self._writing.cancel()
        self._leave()
        self._last = None
        self.flow.resume_writing()

    @override
    def eof_received(self) -> None:
        self._leave()
        self._bound_writing()  # the transport closes now, once what is unsent is out

    @override
    def pause_writing(self) -> None:
        self.flow.pause_writing()
        self._bound_writing()

    @override
    def resume_writing(self) -> None:
        self.flow.resume_writing()
        if not self.transport.is_closing():
            self._writing.off()

    @override
    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._held:
            data = self._held + data
            self._held = b""
        try:
            while data and not self._deaf:
                data = self._take_body(data) if self._cutter.in_body else self._take_head(data)
        except Refused as refusal:
            self._refuse(refusal.fault)

    def _take_head(self, data: bytes) -> bytes:
        cutter = self._cutter
        if len(self.pipeline) >= self._limits.pipelined:
            self._held = data
            self.flow.pause_reading()
            return b""
        begun = cutter.partial
        head, body, rest = cutter.cut_head(data)
        if head is None:
            if cutter.partial and not begun:
                self._reading.set_in(self._limits.header_s)
            return b""
        whole = not cutter.in_body
        if self._door is not None and self._running is None and not self.flow.write_paused:
            refusal = self._door.refusal(head)
            if refusal is not None:
                self._turn_away(refusal, head.keeps_alive and whole, whole)
                return rest
        self._open(head, body, whole)
        return rest

    def _open(self, head: Head, body: bytes, whole: bool) -> None:
        """The request is served, now or in its turn."""
        cycle = self._last = Cycle(
            self.transport, head, self.flow, self._state.own_lines, self.client, self._loopback
        )
        cycle.on_response = self._on_response
        if body:
            cycle.feed(body)
        if whole:
            self._reading.off()
            self._complete(cycle)
        else:
            self._reading.set_in(self._limits.body_s)
        if self._running is None:
            self._run(cycle)
        else:
            self.pipeline.appendleft(cycle)

    def _turn_away(self, refusal: Refusal, keep_alive: bool, whole: bool) -> None:
        """Answers a request of which no more is wanted, as a cycle would; its body, if it came
        `whole`, is dropped."""
        lines = self._state.own_lines + refusal.lines
        self.transport.write(write_answer(refusal.status, lines, refusal.body, keep_alive))
        if keep_alive:
            self._reading.set_in(self._limits.idle_s)
        else:
            self._hang_up(linger=not whole)

    def _take_body(self, data: bytes) -> bytes:
        cutter, cycle = self._cutter, self._last
        piece, rest = cutter.cut_body(data)
        if cutter.in_body:
            self._reading.set_in(self._limits.body_s)
        else:
            self._reading.off()
        if cycle is None or cycle.response_complete:
            return rest
        if piece and cycle.feed(piece) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if not cutter.in_body:
            self._complete(cycle)
        return rest

    def _complete(self, cycle: Cycle) -> None:
        """The request came whole."""
        cycle.more_body = False
        cycle.tell()
        if not cycle.keep_alive:
            self._deaf = True  # RFC 9112 section 9.6: nothing after the last request is read

    # Answers in their turn

    def _run(self, cycle: Cycle) -> None:
        self._running = cycle
        serving = None if self._door is None else self._door.way_in(cycle)
        if serving is None:
            serving = self._app(self._scope_of(cycle), cycle.receive, cycle.send)
        task = self._loop.create_task(serving)
        self._state.tasks.add(task)
        task.add_done_callback(partial(self._on_through, cycle))

    def _on_through(self, cycle: Cycle, task: "asyncio.Task[None]") -> None:
        self._state.tasks.discard(task)
        cycle.conclude(asyncio.CancelledError() if task.cancelled() else task.exception())

    def _scope_of(self, cycle: Cycle) -> Scope:
        head = cycle.head
        path = urllib.parse.unquote(head.path) if "%" in head.path else head.path
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": head.version,
            "server": self._server,
            "client": self.client,
            "scheme": "http",
            "method": head.method,
            "root_path": "",
            "path": path,
            "raw_path": head.path.encode(),
            "query_string": head.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in head.fields],
            "state": self._app_state.copy(),
            "extensions": {"headgate": cycle},
        }

    def _on_response(self) -> None:
        cycle, self._running = self._running, None
        if cycle is None or self.transport.is_closing():
            return
        if not cycle.keep_alive:
            self._hang_up(linger=cycle.more_body)
        elif self.pipeline:
            self._run(self.pipeline.pop())
            self._resume_held()
        elif self._refusal:
            self._say_refusal()
        else:
            self.flow.resume_reading()
            if not self._cutter.partial:
                self._reading.set_in(self._limits.idle_s)

    def _resume_held(self) -> None:
        self.flow.resume_reading()
        if self._held:
            self._loop.call_soon(self.data_received, b"")

    def _refuse(self, fault: Fault) -> None:
        """Nothing more is read; the fault is told once the answers before it are out."""
        self._deaf = True
        self._reading.off()
        broken = self._due()
        target = broken.head.path.encode() if broken is not None else self._cutter.refused_target
        self._refusal = write_refusal(fault, target, secrets.token_hex(16), self._state.own_lines)
        if broken is not None and broken is self._running:
            self._break(broken)
        elif broken is not None:
            self.pipeline.popleft()
        if self._running is None:
            self._say_refusal()

    def _due(self) -> Cycle | None:
        """The request whose body is not whole yet, and wanted."""
        last = self._last
        return last if last is not None and last.more_body and not last.response_complete else None

    def _break(self, cycle: Cycle) -> None:
        """The body of the running request is no good: its application is told that all is over."""
        self._running = None
        if cycle.response_started:
            self._refusal = b""
        cycle.leave()
        cycle.complete()  # the connection has a refusal to deliver, and is not to be cut off
        cycle.tell()

    def _say_refusal(self) -> None:
        if self._refusal:
            self.transport.write(self._refusal)
        self._hang_up(linger=True)

    def _hang_up(self, linger: bool) -> None:
        """Closes; with `linger`, what the peer still sends is read and dropped for a while first,
        because unread bytes would make the close a reset, and the answer would be lost."""
        self._deaf = True
        self.pipeline.clear()
        if self.transport.is_closing():
            return
        if linger and self.transport.can_write_eof():
            self.transport.write_eof()
            self.flow.resume_reading()
            self._reading.set_in(self._limits.linger_s)
        else:
            self.transport.close()
            self._bound_writing()

    # The peer is gone, or as good as gone

    def _leave(self) -> None:
        self.pipeline.clear()
        self._deaf = True
        running, self._running = self._running, None
        if running is not None and not running.response_complete:
            running.leave()
            running.tell()

    def _on_quiet(self) -> None:
        """No byte came in time for what was being read."""
        if self.flow.read_paused:
            self._reading.set_in(self._limits.body_s)
        elif self._deaf:
            self._hang_up(linger=False)
        elif self._cutter.partial:
            self._refuse(Fault(kind="request_stalled", message="the request's head took too long"))
        elif (due := self._due()) is not None:
            self._on_stalled_body(due)
        elif self._running is None:
            self._hang_up(linger=False)

    def _on_stalled_body(self, cycle: Cycle) -> None:
        if cycle.waits_for_word:
            self._reading.set_in(self._limits.body_s)
        elif not cycle.stalled and cycle is self._running:
            cycle.stalled = True
            cycle.tell()
            self._reading.set_in(self._limits.stall_grace_s)
        else:
            self._refuse(Fault(kind="request_stalled", message="the request's body stalled"))

    def _bound_writing(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._writing.set_in(self._limits.write_s)

    def _on_write_stall(self) -> None:
        """Cuts off a peer that took no byte since the last look."""
        if self.transport.get_write_buffer_size() < self._unsent:
            self._bound_writing()
        else:
            self.cut_off()

    def cut_off(self) -> None:
        """For a server whose drain is over: resets the connection; its request has left."""
        self._leave()
        reset(self.transport)

    def shutdown(self) -> None:
        """For a server that drains: the running request is the last one."""
        self.pipeline.clear()
        self._held = b""
        if self._running is None:
            self._hang_up(linger=False)
            return
        self._running.keep_alive = False
        if self._due() is not self._running:
            self._deaf = True
            self._reading.off()


def bounded(limits: Limits, door: Callable[[], Door | None] = no_door) -> type[Protocol]:
    """The protocol with these limits and this way in, as the class that uvicorn wants."""

    class Bounded(Protocol):
        pass

    Bounded.limits = limits
    Bounded.door = staticmethod(door)
    return Bounded


def _address(name: Any) -> tuple[str, int] | None:
    """Host and port of one end; None where it has none."""
    return (str(name[0]), int(name[1])) if isinstance(name, (tuple, list)) else None
