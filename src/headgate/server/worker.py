"""One serving process: uvicorn's, with our protocol, our start, our drain and our signals."""

import asyncio
import contextlib
import math
import signal
import socket
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

from uvicorn.config import Config

from headgate.server import collector
from headgate.server.lifespan import Lifespan
from headgate.server.limits import Limits
from headgate.server.protocol import Protocol, bounded
from headgate.server.service import CannotServe, Service, Timing
from headgate.server.state import State

_POLL_S = 0.02
_BACKLOG = 2048
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_worker(
    worker: "Worker",
    sockets: list[socket.socket],
    on_ready: Callable[[], None],
    lifeline: int | None = None,
) -> None:
    """Serves until a signal says to stop and the drain is over. Raises CannotServe.

    `lifeline` is a file descriptor that becomes readable when nobody supervises any more, which
    is as good as a signal: a worker left alone would hold the port for ever.
    """
    with asyncio.Runner(loop_factory=worker.config.get_loop_factory()) as runner:
        if lifeline is not None:
            runner.get_loop().add_reader(lifeline, worker.orphaned, lifeline)
        runner.run(worker.serve(sockets, on_ready))


class Worker:
    """Serves on given sockets.

    `stop` begins the drain: the listener closes at once, idle connections too, every running
    request is the last of its connection. At the deadline the service is told, and what is left
    after its last word is cut off. A second `stop` brings the deadline near.
    """

    def __init__(self, service: Service, timing: Timing, limits: Limits) -> None:
        self.config = _configure(service, limits)
        self._service = service
        self._timing = timing
        self._lifespan = Lifespan(service.app)
        self._state = State()
        self._servers: list[asyncio.Server] = []
        self._stopping = asyncio.Event()
        self._startup: asyncio.Task[None] | None = None
        self._deadline = math.inf
        self._dated_by: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        """Begins the drain, or hastens it."""
        now = asyncio.get_running_loop().time()
        if self._startup is not None:
            self._startup.cancel()
        left_s = self._timing.hurry_s if self._stopping.is_set() else self._timing.drain_s
        self._deadline = min(self._deadline, now + left_s)
        self._stopping.set()

    def orphaned(self, lifeline: int) -> None:
        """The supervisor is gone: begins the drain."""
        asyncio.get_running_loop().remove_reader(lifeline)
        self.stop()

    async def serve(self, sockets: list[socket.socket], on_ready: Callable[[], None]) -> None:
        """Starts the application, listens, calls `on_ready`, and returns after the drain."""
        with self._signals():
            await self._start_application()
            collector.settle()
            self._write_date()
            loop = asyncio.get_running_loop()
            for sock in sockets:
                server = await loop.create_server(self._open, sock=sock, backlog=_BACKLOG)
                self._servers.append(server)
            on_ready()
            await self._stopping.wait()
            self._stop_listening(sockets)
            await self._drain()
            await self._lifespan.stop()
            if self._dated_by is not None:
                self._dated_by.cancel()

    async def _start_application(self) -> None:
        self._startup = asyncio.current_task()
        try:
            await self._lifespan.start()
        except asyncio.CancelledError:
            raise CannotServe("stopped while the application was starting") from None
        finally:
            self._startup = None

    def _open(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config,
            server_state=self._state,
            app_state=self._lifespan.state,
            _loop=asyncio.get_running_loop(),
        )

    def _stop_listening(self, sockets: list[socket.socket]) -> None:
        for server in self._servers:
            server.close()
        for sock in sockets:
            sock.close()
        self._service.on_drain()

    async def _drain(self) -> None:
        for connection in list(self._state.connections):
            connection.shutdown()
        for step in (self._service.on_drain_deadline, self._cut_off, self._cancel):
            if await self._emptied():
                return
            step()
            self._deadline = asyncio.get_running_loop().time() + self._timing.last_word_s

    def _cut_off(self) -> None:
        for connection in list(self._state.connections):
            if isinstance(connection, Protocol):
                connection.cut_off()

    def _cancel(self) -> None:
        for task in self._state.tasks:
            task.cancel()

    async def _emptied(self) -> bool:
        """Waits until nothing runs any more; False where the deadline came first."""
        loop = asyncio.get_running_loop()
        while self._state.connections or self._state.tasks:
            if loop.time() >= self._deadline:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    def _write_date(self) -> None:
        self._state.own_lines = f"date: {formatdate(time.time(), usegmt=True)}\r\n".encode()
        self._dated_by = asyncio.get_running_loop().call_later(1.0, self._write_date)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._service.on_reload)
        try:
            yield
        finally:
            for number in (*_STOP_SIGNALS, signal.SIGHUP):
                loop.remove_signal_handler(number)


def _configure(service: Service, limits: Limits) -> Config:
    """uvicorn's configuration: nothing that it would print, add to answers, or do by itself."""
    config = Config(
        service.app,
        http=bounded(limits, service.door),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=1,
    )
    config.load()
    return config
