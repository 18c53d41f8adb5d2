"""A response that is made while nobody waits for it: takes the answer in its caller's place."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from headgate.dialects.responses import stored
from headgate.dialects.responses.errors import error_event, failure_object
from headgate.dialects.responses.open_output import Frames
from headgate.model.fault import Fault
from headgate.pipeline.keeping import Origin, kept_of, said_of
from headgate.ports import Headers, ResponseMemory
from headgate.wire import json_text, sse
from headgate.wire.json_fields import fields, text

Response = dict[str, Any]

_BEGUN = frozenset(("response.created", "response.queued", "response.in_progress"))


class Live:
    """See `headgate.ports.Downstream`; a stream's events get our id and our numbers.

    ``response`` is as it stands, ``frames`` are the events so far, each with its number as its
    place, and ``last`` is the last of them; ``over`` once nothing follows, and then all of it is
    kept.
    """

    def __init__(
        self, memory: ResponseMemory, origin: Origin, response: Response, stop: Callable[[], None]
    ) -> None:
        self._memory = memory
        self._stop = stop
        self._told = Frames()
        self._decoder = sse.Decoder()
        self._listeners: set[asyncio.Event] = set()
        self._size = 0
        self._cancelled = False
        self.origin = origin
        self.response = response
        self.frames: list[bytes] = []
        self.last = b""
        self.started = False
        self.unsent = 0
        self.over = False
        for word in ("created", "queued"):
            self._tell(f"response.{word}", response=response)

    @property
    def whole(self) -> bool:
        """Whether `frames` are all that there were; too many are not kept."""
        return self._size <= self.origin.most_bytes

    def cancel(self) -> None:
        """Stops it."""
        if not self.over:
            self._cancelled = True
            self._stop()

    @contextlib.contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens here."""
        happened = asyncio.Event()
        self._listeners.add(happened)
        try:
            yield happened
        finally:
            self._listeners.discard(happened)

    async def read_body(self, limit: int) -> bytes:
        """Nothing: the body was read before."""
        return b""

    async def read_piece(self) -> bytes:
        """Nothing: the body was read before."""
        return b""

    async def start(self, status: int, headers: Headers) -> None:
        """See `headgate.ports.Downstream`."""
        self.started = True

    async def write(self, data: bytes) -> None:
        """See `headgate.ports.Downstream`."""
        for frame in self._decoder.feed(data):
            value = json_text.object_or_none(frame.data)
            if value is not None and not self.over:
                self._take(text(value, "type") or frame.event, value)

    async def finish(self) -> None:
        """See `headgate.ports.Downstream`."""

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """See `headgate.ports.Downstream`."""
        if self.over:
            return
        value = json_text.object_or_none(body) or {}
        if status < 300 and text(value, "id"):
            await self.write(stored.told_anew(value))
            return
        error = fields(value, "error")
        message = text(error, "message") or "The response could not be made."
        self._fail(Fault(kind="upstream_error", message=message, code=text(error, "code") or None))

    def abort(self) -> None:
        """See `headgate.ports.Downstream`."""
        self.end()

    def pushing(self) -> None:
        """See `headgate.ports.Downstream`."""

    def on_leave(self, callback: Callable[[], None]) -> None:
        """It never leaves."""

    def end(self) -> None:
        """Nothing follows: what is not over was cancelled, or failed."""
        if self.over:
            return
        if self._cancelled:
            self._close("cancelled", {**self.response, "status": "cancelled"})
            return
        self._fail(Fault(kind="upstream_error", message="The response could not be finished."))

    def _take(self, kind: str, value: dict[str, Any]) -> None:
        if kind in _BEGUN:
            if self.response["status"] == "queued":
                self.response = self._ours({**fields(value, "response"), "status": "in_progress"})
                self._tell("response.in_progress", response=self.response)
            return
        rest = {key: field for key, field in value.items() if key not in ("type", "response")}
        response = value.get("response")
        if not isinstance(response, dict):
            self._tell(kind, **rest)
            return
        response = self._ours(response)
        if kind == "response.failed":
            # A stream that the gateway broke off knows little of the response that it told.
            told = {key: value for key, value in response.items() if value}
            self._close("failed", {**self.response, **told})
        elif stored.is_ending(kind):
            self._close(stored.status_of(response), response)
        else:
            self._tell(kind, **rest, response=response)

    def _fail(self, fault: Fault) -> None:
        self._tell("error", **error_event(fault))
        response = {**self.response, "status": "failed", "error": failure_object(fault)}
        self._close("failed", response)

    def _close(self, status: str, response: Response) -> None:
        stream = b"".join(self.frames)
        response = {**stored.with_output(response, stream), "status": status}
        self.response = response
        self._tell(f"response.{status}", response=response)
        self.over = True
        events = b"".join(self.frames) if self.whole else b""
        self._memory.keep(kept_of(self.origin, response, events))

    def _ours(self, response: Response) -> Response:
        """The response under the id that the caller knows."""
        return {**response, "id": self.response["id"], **said_of(self.origin.ties)}

    def _tell(self, kind: str, /, **values: Any) -> None:
        values.pop("sequence_number", None)
        frame = self._told.write(kind, **values)
        self._size += len(frame)
        self.last = frame
        if self.whole:
            self.frames.append(frame)
        for listener in self._listeners:
            listener.set()
