"""The hot loop without a task: what arrives is transformed and written in the same turn of the
event loop.

Waking a task for each chunk costs more than all that is done with the chunk. Where the backend's
end can tell of bytes by a call and the caller's end takes them without waiting, the exchange's
task sleeps until the stream is over, somebody interrupts it, or somebody must be waited for: the
caller who does not keep up, a heartbeat, whoever a policy asks.
"""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

from headgate.dialects.facts import Facts
from headgate.model.fault import StreamBroken
from headgate.pipeline.guarded import Holding
from headgate.pipeline.turn import Turn
from headgate.pipeline.verdict import Ending
from headgate.pipeline.watch import NEVER, Interrupted
from headgate.ports import PushedBody
from headgate.upstream.answer import Answer, PushAnswer


class Pushable(Protocol):
    """What is pushed: a stream in its gear, see `headgate.pipeline.stream.Stream`."""

    facts: Facts
    holding: Holding | None
    ending: Ending | None

    @property
    def over(self) -> bool:
        """Nothing more is to come, or to be told."""
        ...

    @property
    def transform(self) -> Callable[[bytes], bytes]:
        """What gives what the caller is to get for bytes, or raises StreamBroken."""
        ...

    def end(self, ending: Literal["clean", "broken"]) -> bytes:
        """What the caller is to get at the end of the bytes."""
        ...

    def patience_s(self, idle_s: float) -> float:
        """How long the backend may be silent after an event."""
        ...


def pushing_of(stream: Pushable, answer: Answer, turn: Turn) -> "Pushing | None":
    """What pushes `stream` from the backend's end to the caller's, where both can do that."""
    source, sink = answer.pushing(), turn.pushed_body()
    return None if source is None or sink is None else Pushing(stream, source, sink, turn)


class Pushing:
    """One stream whose bytes go through by themselves. Times are monotonic, in seconds.

    `_arrived` is run for every chunk, mostly on a core that slept until then: what it touches
    costs more than what it computes. So all that is the same for the whole stream was looked up
    before, and of the time it only notes what the alarm, should it ring, reckons with.
    """

    __slots__ = (
        "_answer",
        "_body",
        "_crowded",
        "_due",
        "_facts",
        "_heard_at",
        "_holding",
        "_idle_s",
        "_listening",
        "_push",
        "_rings_at",
        "_seen",
        "_stream",
        "_transform",
        "_turn",
        "_watch",
        "_woken",
    )

    def __init__(self, stream: Pushable, answer: PushAnswer, body: PushedBody, turn: Turn) -> None:
        self._stream = stream
        self._transform = stream.transform
        self._facts = stream.facts
        self._holding = stream.holding
        self._answer = answer
        self._body = body
        self._push = turn.pusher(body)
        self._turn = turn
        self._watch = turn.watch
        self._idle_s = 0.0
        self._due = 0.0
        self._rings_at = 0.0
        self._seen = 0
        self._heard_at = 0.0
        self._listening = False
        self._crowded = False
        self._woken: asyncio.Future[None] | None = None

    async def run(self, idle_s: float, due: float) -> None:
        """Passes the rest of the stream on. Raises Interrupted and CallerLeft."""
        self._idle_s, self._due = idle_s, due
        self._seen, self._heard_at = self._facts.events, self._watch.now()
        self._watch.on_beat = self._stop
        try:
            while not self._stream.over:
                await self._step()
        finally:
            self._watch.on_beat = None
            self._answer.on_data(None)

    async def _step(self) -> None:
        """What is next for the task: to wait for somebody, or to sleep."""
        if self._crowded:
            await self._make_room()
        elif self._watch.beating is not None:  # nothing overtakes it: it must not be the last word
            await self._turn.make_room(self._body)
        elif self._holding is not None and self._holding.waiting:
            await self._say(await self._watch.until(self._holding.step(), NEVER))
            self._heard_at = self._watch.now()
        elif not self._listening:
            self._listen()
        else:
            await self._sleep()

    async def _make_room(self) -> None:
        self._answer.pause()
        try:
            await self._turn.make_room(self._body)
        finally:
            self._answer.resume()  # also for who reads on when the caller has left
        self._crowded = False

    async def _sleep(self) -> None:
        """Lets bytes pass by themselves until they must not, or what is held must be released."""
        self._woken = asyncio.get_running_loop().create_future()
        try:
            await self._watch.until(_until_done(self._woken), self._deadline(), self._deadline)
        except Interrupted as interruption:
            if interruption.reason != "due" or self._watch.now() >= self._patient_until():
                raise
            await self._release()
        finally:
            self._woken = None

    async def _release(self) -> None:
        """Says what has been held as long as it may; in the task, as whatever takes its time."""
        holding = self._holding
        release_at = None if holding is None else holding.due()
        if holding is not None and release_at is not None and release_at <= self._watch.now():
            self._stop()
            await self._say(holding.release())

    async def _say(self, out: bytes) -> None:
        if out:
            await self._turn.say(out)

    def _listen(self) -> None:
        """What arrives passes by itself from now on, and before it what arrived meanwhile."""
        self._listening = True
        self._answer.on_data(self._arrived)
        data = self._answer.take()
        if data:
            self._arrived(data)
        if self._listening and (self._answer.ended or self._answer.broken):
            self._arrived(b"")

    def _stop(self) -> None:
        """What arrives waits in the backend's end, until the task has done what is to be done."""
        self._listening = False
        self._answer.on_data(None)
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _arrived(self, data: bytes) -> None:
        """Bytes are there; none: the end, or a failure."""
        try:
            out = self._transform(data) if data else self._end()
        except StreamBroken:
            self._stream.ending = "nonsense"
            self._stop()
            return
        facts, watch = self._facts, self._watch
        now = watch.now()
        if facts.events != self._seen:
            self._seen = facts.events
            self._heard_at = now
        if out:
            watch.spoke_at = now
            if not self._push(out):
                self._crowded = True
                self._stop()
        if facts.finished or facts.terminated or facts.fault is not None or not data:
            self._look_ahead()
        elif self._holding is not None:
            self._mind(self._holding)

    def _end(self) -> bytes:
        """What is still to be told where the bytes have ended."""
        return self._stream.end("clean" if self._answer.ended else "broken")

    def _look_ahead(self) -> None:
        """Near the end: the stream may be over, and the backend is given less time."""
        holding = self._holding
        if self._stream.over or (holding is not None and holding.waiting):
            self._stop()
        else:
            self._watch.put_off(self._deadline())

    def _mind(self, holding: Holding) -> None:
        """Somebody may have to be asked, or something be released before the alarm rings."""
        if holding.waiting:
            self._stop()
            return
        release_at = holding.due()
        if release_at is not None and release_at < self._rings_at:
            self._watch.put_off(self._deadline())

    def _deadline(self) -> float:
        """Until when nothing need be done though nothing arrives; the alarm rings then."""
        until = self._patient_until()
        release_at = None if self._holding is None else self._holding.due()
        self._rings_at = until if release_at is None else min(until, release_at)
        return self._rings_at

    def _patient_until(self) -> float:
        return min(self._heard_at + self._stream.patience_s(self._idle_s), self._due)


async def _until_done(woken: "asyncio.Future[None]") -> None:
    await woken
