"""How a run is told to the caller: its head, its text, its end, its failure."""

import asyncio
from typing import Protocol

import msgspec

from headgate.agents.interface import JSON, Headers, Send, respond
from headgate.dialects.dialect import CallerHalf, ReplyContext, Writer
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Text
from headgate.model.reply import Choice, Reply
from headgate.model.usage import Usage
from headgate.wire import json_text, sse

STREAM: Headers = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
)
NO_ANSWER = "The agent finished without an answer."
"""What is said where an agent says nothing."""

_END = ev.Finished("end")
_KEY = 0


class Exchange(msgspec.Struct, frozen=True):
    """One request's way back: its dialect, its id, what a writer must know, our own headers."""

    caller: CallerHalf
    dialect: str
    request_id: str
    context: ReplyContext
    headers: Headers


class Telling(Protocol):
    """One answer. ``text`` is what was said so far, ``spoke_at`` the event loop's time of it."""

    text: str
    spoke_at: float

    async def say(self, text: str) -> None:
        """The agent streamed `text`, which is not empty."""
        ...

    async def beat(self) -> None:
        """The agent has been silent for a while."""
        ...

    async def conclude(self, answer: str) -> None:
        """The agent returned `answer`, which stands for nothing where it is blank."""
        ...

    async def end(self, usage: Usage) -> None:
        """The answer is whole."""
        ...

    async def fail(self, fault: Fault) -> None:
        """The answer will never be whole."""
        ...


async def refuse(send: Send, caller: CallerHalf, fault: Fault, request_id: str) -> None:
    """An error before the first byte."""
    headers = [*JSON, (b"x-request-id", request_id.encode())]
    headers += [(name.encode(), value.encode()) for name, value in fault.headers]
    if fault.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, round(fault.retry_after_s))))
    body = caller.write_error(fault, request_id)
    await respond(send, fault.http_status, tuple(headers), body)


class WholeTelling:
    """An answer as one JSON object."""

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send
        self.text = ""
        self.spoke_at = float("inf")  # nothing can be said before the end: no heartbeat

    async def say(self, text: str) -> None:
        """See `Telling.say`."""
        self.text += text

    async def beat(self) -> None:
        """See `Telling.beat`."""

    async def conclude(self, answer: str) -> None:
        """See `Telling.conclude`. What was streamed counts where nothing is returned."""
        self.text = next((text for text in (answer, self.text) if text.strip()), NO_ANSWER)

    async def end(self, usage: Usage) -> None:
        """See `Telling.end`."""
        exchange = self._exchange
        reply = Reply(choices=(Choice(0, (Text(self.text),), _END),), usage=usage)
        body = exchange.caller.write_reply(reply, exchange.context).body
        await respond(self._send, 200, (*JSON, *exchange.headers), body)

    async def fail(self, fault: Fault) -> None:
        """See `Telling.fail`."""
        exchange = self._exchange
        await refuse(self._send, exchange.caller, fault, exchange.request_id)


class StreamTelling:
    """An answer as an event stream. Its status line goes out with the first text or the first
    heartbeat, so that what fails before has a status of its own."""

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send
        self._writer: Writer = exchange.caller.open_writer(exchange.context)
        self._turn = asyncio.Lock()
        self._started = False
        self._opened = False
        self._over = False
        self.text = ""
        self.spoke_at = asyncio.get_running_loop().time()

    async def say(self, text: str) -> None:
        """See `Telling.say`. What an agent says behind the end is not told."""
        async with self._turn:
            if self._over:
                return
            self.text += text
            delta = self._writer.write(ev.TextDelta(_KEY, text)) if self._opened else b""
            await self._put(delta or self._open_with(text))

    async def beat(self) -> None:
        """See `Telling.beat`."""
        if self._turn.locked():  # something is just being said
            self.spoke_at = asyncio.get_running_loop().time()
            return
        async with self._turn:
            if not self._over:
                opening = b"" if self._opened or self._holds_role else self._open()
                await self._put(opening + self._exchange.caller.keep_alive)

    async def conclude(self, answer: str) -> None:
        """See `Telling.conclude`. What is returned counts where nothing was streamed."""
        if not self.text:
            await self.say(answer if answer.strip() else NO_ANSWER)

    async def end(self, usage: Usage) -> None:
        """See `Telling.end`."""
        async with self._turn:
            self._over = True
            closing = (ev.BlockEnded(_KEY), _END, ev.UsageReported(usage))
            rest = b"".join(self._writer.write(event) for event in closing)
            await self._put(rest + self._writer.end(), more=False)

    async def fail(self, fault: Fault) -> None:
        """See `Telling.fail`."""
        async with self._turn:
            self._over = True
            if self._started:
                await self._put(self._writer.fail(fault), more=False)
                return
        exchange = self._exchange
        await refuse(self._send, exchange.caller, fault, exchange.request_id)

    @property
    def _holds_role(self) -> bool:
        """Chat says the role with the first text, so that every chunk but the last is a text."""
        return self._exchange.dialect == "chat"

    def _open(self) -> bytes:
        self._opened = True
        begin = (ev.Started(), ev.BlockStarted(_KEY, ev.TextBlock()))
        return b"".join(self._writer.write(event) for event in begin)

    def _open_with(self, text: str) -> bytes:
        opening = self._open()
        first = self._writer.write(ev.TextDelta(_KEY, text))
        return _join(opening, first) if self._holds_role else opening + first

    async def _put(self, data: bytes, more: bool = True) -> None:
        self.spoke_at = asyncio.get_running_loop().time()
        try:
            if not self._started:
                self._started = True
                headers = [*STREAM, *self._exchange.headers]
                await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except OSError:  # how ASGI servers say that the caller is gone
            self._over = True


def _join(role: bytes, first: bytes) -> bytes:
    """The chunk that says the role and the chunk of the first text as one."""
    (opening,), (chunk,) = sse.parse(role), sse.parse(first)
    joined = json_text.decode(chunk.data)
    said = json_text.decode(opening.data)["choices"][0]["delta"]
    choice = joined["choices"][0]
    choice["delta"] = {**said, **choice["delta"]}
    return sse.write(json_text.encode(joined))
