"""Several workers on one listener: forks them, passes signals on, replaces one that dies.

One listening socket that all inherit, not one each: long streams spread by who is free to accept,
and a worker that ends drops no connection that waits.
"""

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

from headgate.server.service import CannotServe

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_RESTART_DELAY_S = 1.0
_READY = b"\0"

RunWorker = Callable[[int, Callable[[], None], int], None]
"""Serves in this process: ``(number, on_ready, lifeline)``. Raises CannotServe. The lifeline is a
file descriptor that becomes readable when the supervisor is no more."""


def supervise(
    run_worker: RunWorker,
    workers: int,
    sockets: list[socket.socket],
    on_ready: Callable[[], None],
) -> None:
    """Runs `workers` processes until a signal has stopped them all.

    `on_ready` is called once all of them serve. Raises CannotServe where one cannot start.
    """
    supervisor = Supervisor(run_worker, sockets, on_ready)
    try:
        supervisor.run(workers)
    finally:
        supervisor.close()
        os.close(supervisor.lifeline)


class Supervisor:
    """The parent process. Signals arrive as bytes on a socket, so that one wait serves all."""

    def __init__(
        self,
        run_worker: RunWorker,
        sockets: list[socket.socket],
        on_ready: Callable[[], None],
    ) -> None:
        self._run_worker = run_worker
        self._sockets = sockets
        self._on_ready = on_ready
        self._numbers: dict[int, int] = {}
        self._reports: dict[int, bytes] = {}
        self._missing: dict[int, float] = {}
        self._waiting_for = 0
        self._stopping = False
        self._failure: str | None = None
        self.lifeline, self._held_end = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        self._old_wakeup = signal.set_wakeup_fd(self._wake_out.fileno())
        self._old = {number: signal.signal(number, _noted) for number in _SIGNALS}

    def run(self, workers: int) -> None:
        """Returns when every worker has ended on a signal."""
        self._waiting_for = workers
        for number in range(workers):
            self._start(number)
        while self._numbers or (self._missing and not self._stopping):
            for key, _ in self._selector.select(self._patience_s()):
                if key.fileobj is self._wake_in:
                    self._take_signals()
                else:
                    self._take_report(key.fd)
            self._replace()
        if self._failure is not None:
            raise CannotServe(self._failure)

    def close(self) -> None:
        """Gives the signals back to whom they belonged."""
        signal.set_wakeup_fd(self._old_wakeup)
        for number, old in self._old.items():
            signal.signal(number, old)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()
        os.close(self._held_end)

    def _start(self, number: int) -> None:
        report_in, report_out = os.pipe()
        # A signal in between would run the parent's part in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.close(report_in)
            self._be_worker(number, report_out)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(report_out)
        self._numbers[pid] = number
        self._reports[report_in] = b""
        self._selector.register(report_in, selectors.EVENT_READ)

    def _be_worker(self, number: int, report: int) -> None:
        """The child's whole life; it never returns into the parent's story."""
        status = 1
        try:
            self.close()
            for fd in self._reports:
                os.close(fd)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._run_worker(number, lambda: _say(report, _READY), self.lifeline)
            status = 0
        except CannotServe as failure:
            _say(report, str(failure).encode())
        finally:
            error = sys.exc_info()[1]
            if error is not None:
                sys.excepthook(type(error), error, error.__traceback__)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _take_report(self, fd: int) -> None:
        data = os.read(fd, 65536)
        if data:
            self._reports[fd] += data
            return
        self._selector.unregister(fd)
        os.close(fd)
        report = self._reports.pop(fd)
        if self._waiting_for == 0 or self._stopping:
            return  # a replacement's fate concerns nobody: it is replaced in its turn
        if report == _READY:
            self._waiting_for -= 1
            if self._waiting_for == 0:
                self._on_ready()
        else:
            self._failure = report.decode("utf-8", "replace") or "a worker died while it started"
            self._stop(signal.SIGTERM)

    def _take_signals(self) -> None:
        for number in self._wake_in.recv(4096):
            if number == signal.SIGCHLD:
                self._bury()
            elif number == signal.SIGHUP:
                self._pass_on(signal.SIGHUP)
            elif number in (signal.SIGTERM, signal.SIGINT):
                self._stop(signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        for sock in self._sockets:
            sock.close()  # while one process holds it, the kernel takes connections
        self._pass_on(number)

    def _pass_on(self, number: signal.Signals) -> None:
        for pid in self._numbers:
            os.kill(pid, number)

    def _bury(self) -> None:
        while self._numbers:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = self._numbers.pop(pid, None)
            if number is not None:
                self._missing[number] = time.monotonic() + _RESTART_DELAY_S

    def _replace(self) -> None:
        if self._stopping:
            return
        now = time.monotonic()
        for number in [n for n, at in self._missing.items() if at <= now]:
            del self._missing[number]
            self._start(number)

    def _patience_s(self) -> float | None:
        if self._stopping or not self._missing:
            return None
        return max(0.0, min(self._missing.values()) - time.monotonic())


def _noted(number: int, frame: FrameType | None) -> None:
    """A signal only wakes the wait."""


def _say(report: int, text: bytes) -> None:
    os.write(report, text)
    os.close(report)
