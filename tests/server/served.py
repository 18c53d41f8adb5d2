"""A process that serves, for tests of signals and of the end: ``python -m tests.server.served``.

Arguments: workers, then ``name=seconds`` for the timing, and how its application fails to start:
``broken``, ``slow`` or ``crashing``. What befalls it is written to standard output, a line each.
"""

import asyncio
import os
import sys

from headgate.ports import CallerLeft
from headgate.server.direct import CallersEnd, downstream_of
from headgate.server.interface import Receive, Scope, Send
from headgate.server.listen import bind, bound_port, serve
from headgate.server.service import CannotServe, Service, Timing


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


class Application:
    """``/ok`` answers its process id, ``/last-word`` ends at the drain's deadline, ``/stubborn``
    never does; other paths answer the body."""

    def __init__(self, broken: str) -> None:
        self._broken = broken
        self._deadline = asyncio.Event()

    def at_deadline(self) -> None:
        tell("deadline")
        self._deadline.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        downstream = downstream_of(scope, receive, send)
        try:
            await self._answer(scope["path"], downstream)
        except CallerLeft:
            tell("left")
        finally:
            downstream.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._broken == "broken":
            raise OSError("the database is a teapot")
        if self._broken == "slow":
            tell("starting")
            await asyncio.Event().wait()
        if self._broken == "crashing":
            os._exit(9)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        tell("closed")
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, path: str, downstream: CallersEnd) -> None:
        body = await downstream.read_body(1000)
        if path in ("/last-word", "/stubborn"):
            left = asyncio.Event()
            downstream.on_leave(left.set)
            await downstream.start(200, [])
            await downstream.write(b"begun")
            await (self._deadline if path == "/last-word" else left).wait()
            await downstream.write(b"restarting")
            await downstream.finish()
        else:
            answer = b"%d" % os.getpid() if path == "/ok" else body
            await downstream.respond(200, [], answer)


def main(workers: int, broken: str, timing: Timing) -> None:
    sockets = bind("127.0.0.1", 0)

    def make_service(number: int) -> Service:
        tell(f"worker {number} {os.getpid()}")
        application = Application(broken)
        return Service(
            app=application,
            on_drain=lambda: tell("drain"),
            on_drain_deadline=application.at_deadline,
            on_reload=lambda: tell("reload"),
        )

    try:
        serve(make_service, sockets, lambda: tell(f"port {bound_port(sockets)}"), workers, timing)
    except CannotServe as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    options = dict(argument.split("=") for argument in sys.argv[2:] if "=" in argument)
    main(
        int(sys.argv[1]),
        next((word for word in sys.argv[2:] if "=" not in word), ""),
        Timing(**{name: float(seconds) for name, seconds in options.items()}),
    )
