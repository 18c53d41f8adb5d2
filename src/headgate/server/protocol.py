"""HTTP/1.1 at the socket: uvicorn's protocol with bounds, timers and one reading of every byte.

The `Cutter` cuts the bytes into messages before llhttp sees them; what the two say must agree, or
the request is refused. Reading has one alarm, whatever is being waited for; a connection that is
deaf reads no more, since it was refused or had its last request. Answers leave in the order of the
requests; a refusal waits for its turn too.
"""

import asyncio
import secrets
import urllib.parse
from typing import Any

import httptools
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from headgate.model.fault import Fault, Refused, bad_request
from headgate.server.alarm import Alarm
from headgate.server.connection import Connection, is_loopback, reset
from headgate.server.cutter import Cutter
from headgate.server.cycle import Cycle
from headgate.server.limits import Limits
from headgate.server.refusal import write_refusal


class Protocol(HttpToolsProtocol):
    """One connection. Made by uvicorn's server; `limits` comes by a subclass (see `bounded`)."""

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._reading = Alarm(self.loop, self._on_quiet)
        self._writing = Alarm(self.loop, self._on_write_stall)
        self._unsent = 0
        self._loopback = False
        self._running: Cycle | None = None
        self._last: Cycle | None = None
        self._cutter = Cutter(self.limits)
        self._held = b""
        self._deaf = False
        self._refusal = b""

    # What the transport says

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._loopback = self.client is None or is_loopback(self.client[0])
        self._reading.set_in(self.limits.header_s)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._reading.cancel()
        self._writing.cancel()
        self._leave()
        super().connection_lost(exc)

    @override
    def eof_received(self) -> None:
        self._leave()
        self._bound_writing()  # the transport closes now, once what is unsent is out

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._bound_writing()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
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
                data = self._take(data)
        except Refused as refusal:
            self._refuse(refusal.fault)

    def _take(self, data: bytes) -> bytes:
        cutter = self._cutter
        if len(self.pipeline) >= self.limits.pipelined and not cutter.in_body:
            self._held = data
            self.flow.pause_reading()
            return b""
        begun = cutter.partial
        message, rest = cutter.cut(data)
        if cutter.in_body:
            self._reading.set_in(self.limits.body_s)
        elif cutter.partial and not begun:
            self._reading.set_in(self.limits.header_s)
        if message:
            self._feed(message)
        return rest

    def _feed(self, message: bytes) -> None:
        try:
            self.parser.feed_data(message)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise bad_request(f"malformed HTTP: {error}") from error

    # What the parser says

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value.rstrip(b" \t")))

    @override
    def on_headers_complete(self) -> None:
        self._complete_scope()
        self.headers = []  # where trailers go: they must not become headers
        connection = Connection(self.transport, self.client, self._loopback)
        self.scope["extensions"] = {"headgate": connection}  # type: ignore[dict-item]
        version = self.scope["http_version"]
        cycle = self.cycle = self._last = Cycle(
            connection,
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self._cutter.expects_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        connection.body = cycle
        if self._running is None:
            self._run(cycle)
        else:
            self.pipeline.appendleft((cycle, self.app))

    def _complete_scope(self) -> None:
        path, _, query = self.url.partition(b"?")
        decoded = path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = self.parser.get_http_version()
        self.scope["path"] = urllib.parse.unquote(decoded) if "%" in decoded else decoded
        self.scope["raw_path"] = path
        self.scope["query_string"] = query

    @override
    def on_body(self, body: bytes) -> None:
        cycle = self._last
        if cycle is None or cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    @override
    def on_message_complete(self) -> None:
        self._reading.off()
        cycle = self._last
        if cycle is None or cycle.response_complete:
            return
        cycle.more_body = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            self._deaf = True  # RFC 9112 section 9.6: nothing after the last request is read

    # Answers in their turn

    def _run(self, cycle: Cycle) -> None:
        self._running = cycle
        self._start_asgi_task(cycle, self.app)

    @override
    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        cycle, self._running = self._running, None
        if cycle is None or self.transport.is_closing():
            return
        if not cycle.keep_alive:
            self._hang_up(linger=cycle.more_body)
        elif self.pipeline:
            self._run(self.pipeline.pop()[0])  # type: ignore[arg-type]
            self._resume_held()
        elif self._refusal:
            self._say_refusal()
        else:
            self.flow.resume_reading()
            if not self._cutter.partial:
                self._reading.set_in(self.limits.idle_s)

    def _resume_held(self) -> None:
        self.flow.resume_reading()
        if self._held:
            self.loop.call_soon(self.data_received, b"")

    def _refuse(self, fault: Fault) -> None:
        """Nothing more is read; the fault is told once the answers before it are out."""
        self._deaf = True
        self._reading.off()
        broken = self._due()
        target = broken.scope["raw_path"] if broken is not None else self._cutter.refused_target
        request_id = secrets.token_hex(16)
        date = self.server_state.default_headers
        self._refusal = write_refusal(fault, target, request_id, date)
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
        cycle.connection.leave()
        cycle.message_event.set()

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
            self._reading.set_in(self.limits.linger_s)
        else:
            self.transport.close()
            self._bound_writing()

    # The peer is gone, or as good as gone

    def _leave(self) -> None:
        self.pipeline.clear()
        self._deaf = True
        running, self._running = self._running, None
        if running is not None and not running.response_complete:
            running.connection.leave()
            running.message_event.set()

    def _on_quiet(self) -> None:
        """No byte came in time for what was being read."""
        if self.flow.read_paused:
            self._reading.set_in(self.limits.body_s)
        elif self._deaf:
            self._hang_up(linger=False)
        elif self._cutter.partial:
            self._refuse(Fault(kind="request_stalled", message="the request's head took too long"))
        elif (due := self._due()) is not None:
            self._on_stalled_body(due)
        elif self._running is None:
            self._hang_up(linger=False)

    def _on_stalled_body(self, cycle: Cycle) -> None:
        if cycle.waiting_for_100_continue:
            self._reading.set_in(self.limits.body_s)
        elif not cycle.connection.stalled and cycle is self._running:
            cycle.connection.stalled = True
            cycle.message_event.set()
            self._reading.set_in(self.limits.stall_grace_s)
        else:
            self._refuse(Fault(kind="request_stalled", message="the request's body stalled"))

    def _bound_writing(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._writing.set_in(self.limits.write_s)

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

    @override
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


def bounded(limits: Limits) -> type[Protocol]:
    """The protocol with these limits, as the class that uvicorn wants."""

    class Bounded(Protocol):
        pass

    Bounded.limits = limits
    return Bounded
