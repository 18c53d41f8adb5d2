"""The hot loop without a task: what arrives is transformed and written in the same turn of the
event loop.

Waking a task for each chunk costs more than all that is done with the chunk. Where the backend's
end can tell of bytes by a call and the caller's end takes them without waiting, the exchange's
task sleeps until the stream is over, somebody interrupts it, or the caller does not keep up.
"""

import asyncio
from typing import Literal, Protocol

from headgate.pipeline.turn import Turn
from headgate.ports import PushedBody
from headgate.upstream.answer import Answer, PushAnswer


class Pushable(Protocol):
    """What is pushed: a stream in its gear, see `headgate.pipeline.stream.Stream`."""

    @property
    def over(self) -> bool:
        """Nothing more is to come, or to be told."""
        ...

    def feed(self, data: bytes) -> bytes:
        """What the caller is to get for `data`."""
        ...

    def end(self, ending: Literal["clean", "broken"]) -> bytes:
        """What the caller is to get at the end of the bytes."""
        ...

    def quiet(self, idle_s: float) -> float:
        """Until when the backend may be silent."""
        ...


def pushing_of(stream: Pushable, answer: Answer, turn: Turn) -> "Pushing | None":
    """What pushes `stream` from the backend's end to the caller's, where both can do that."""
    source, sink = answer.pushing(), turn.pushed_body()
    return None if source is None or sink is None else Pushing(stream, source, sink, turn)


class Pushing:
    """One stream whose bytes go through by themselves. Times are monotonic, in seconds."""

    def __init__(self, stream: Pushable, answer: PushAnswer, body: PushedBody, turn: Turn) -> None:
        self._stream = stream
        self._answer = answer
        self._body = body
        self._turn = turn
        self._idle_s = 0.0
        self._due = 0.0
        self._woken: asyncio.Future[None] | None = None
        self._crowded = False

    async def run(self, idle_s: float, due: float) -> None:
        """Passes the rest of the stream on. Raises Interrupted and CallerLeft."""
        self._idle_s, self._due = idle_s, due
        stream, answer = self._stream, self._answer
        answer.on_data(self._arrived)
        try:
            self._arrived()
            while not stream.over:
                if self._crowded:
                    answer.pause()
                    try:
                        await self._turn.make_room(self._body)
                    finally:
                        answer.resume()  # also for who reads on when the caller has left
                    self._crowded = False
                    self._arrived()
                else:
                    self._woken = asyncio.get_running_loop().create_future()
                    until = min(stream.quiet(idle_s), due)
                    await self._turn.watch.until(_sleep(self._woken), until)
        finally:
            self._woken = None
            answer.on_data(None)

    def _arrived(self) -> None:
        """Bytes, the end or a failure are there. What arrives while the caller is crowded waits in
        the backend's end, which stops reading by itself."""
        stream = self._stream
        if self._crowded or stream.over:
            return
        if self._turn.watch.beating:  # nothing overtakes it: it must not come behind the end
            self._crowded = True
            self._wake()
            return
        out = self._next()
        if out:
            self._crowded = not self._turn.push(self._body, out)
        if self._crowded or stream.over:
            self._wake()
            return
        self._turn.watch.put_off(min(stream.quiet(self._idle_s), self._due))

    def _next(self) -> bytes:
        stream, answer = self._stream, self._answer
        data = answer.take()
        out = stream.feed(data) if data else b""
        if stream.over or not (answer.ended or answer.broken):
            return out
        return out + stream.end("clean" if answer.ended else "broken")

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


async def _sleep(woken: "asyncio.Future[None]") -> None:
    await woken
