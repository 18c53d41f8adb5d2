"""A question of the gateway's own to one of its models, in process, past every policy."""

import time
from collections.abc import Callable

import msgspec

from headgate.dialects.destination import Source
from headgate.dialects.table import DIALECTS
from headgate.model.fault import StreamBroken
from headgate.model.parts import Text
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.guard import no_guard
from headgate.pipeline.run import run
from headgate.policies.environment import ModelQuestion
from headgate.policies.hook_flow import Misbehaved
from headgate.ports import Headers
from headgate.wire import json_text

PATH = "/v1/chat/completions"
_CHAT = DIALECTS["chat"]


class InnerCall:
    """Asks models of `gateway`. Such a call has a row in the request log and no user."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def ask(self, question: ModelQuestion) -> str:
        """The text of the answer. Raises Misbehaved where there is none."""
        caller = _CHAT.caller
        assert caller is not None, "chat is a dialect of callers"
        body = _body_of(question)
        gateway = self._gateway
        exchange = Exchange(
            id=f"req_{gateway.mint()}",
            endpoint=PATH,
            dialect=_CHAT,
            caller=caller,
            snapshot=msgspec.structs.replace(gateway.snapshot, open=True, open_guard=no_guard),
            headers={},
            created_at=gateway.wall(),
            began=time.monotonic(),
            # Written anew, so that the target gets the output cap in the field that it knows.
            changed=caller.read_request(body),
        )
        asker = Asker(body)
        await run(gateway, exchange, asker)
        if asker.status != 200:
            raise Misbehaved(f"the model {question.model!r} answered {asker.status}")
        return _text_of(asker.answer)


class Asker:
    """The caller's end of a call that comes from nowhere: a body to read, an answer to keep."""

    def __init__(self, body: bytes) -> None:
        self.started = False
        self.unsent = 0
        self.status = 0
        self.answer = b""
        self._body = body

    async def read_body(self, limit: int) -> bytes:
        """See `headgate.ports.Downstream`."""
        return self._body

    async def read_piece(self) -> bytes:
        """See `headgate.ports.Downstream`."""
        body, self._body = self._body, b""
        return body

    async def start(self, status: int, headers: Headers) -> None:
        """See `headgate.ports.Downstream`."""
        self.started = True
        self.status = status

    async def write(self, data: bytes) -> None:
        """See `headgate.ports.Downstream`."""
        self.answer += data

    async def finish(self) -> None:
        """See `headgate.ports.Downstream`."""

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """See `headgate.ports.Downstream`."""
        await self.start(status, headers)
        await self.write(body)

    def abort(self) -> None:
        """See `headgate.ports.Downstream`."""
        self.status = 0

    def pushing(self) -> None:
        """See `headgate.ports.Downstream`."""

    def on_leave(self, callback: Callable[[], None]) -> None:
        """It never leaves: who waits for it cancels it."""


def _body_of(question: ModelQuestion) -> bytes:
    messages = [
        {"role": "system", "content": question.system},
        {"role": "user", "content": question.text},
    ]
    said = {
        "model": question.model,
        "messages": messages,
        "max_completion_tokens": question.max_tokens,
    }
    return json_text.encode(said)


def _text_of(body: bytes) -> str:
    try:
        reply = _CHAT.backend.read_reply(body, Source())
    except StreamBroken as error:
        raise Misbehaved("the model's answer is no reply") from error
    parts = reply.choices[0].parts if reply.choices else ()
    return "".join(part.text for part in parts if isinstance(part, Text))
