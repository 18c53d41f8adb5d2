"""Replies that come whole: read to their end, then relayed or translated."""

from dataclasses import dataclass, field

from headgate.dialects.destination import Source
from headgate.dialects.dialect import CallerHalf, Dialect, ReplyContext
from headgate.dialects.facts import Facts
from headgate.model import events as ev
from headgate.model.fault import Fault, Refused, StreamBroken
from headgate.model.reply import Fold, Reply
from headgate.pipeline import passing
from headgate.pipeline.verdict import fault_for
from headgate.pipeline.watch import Watch
from headgate.upstream.answer import Answer, AnswerBroken
from headgate.wire import json_text, sse

MOST_BYTES = 256 * 1024 * 1024
"""Of one reply (pictures and sound come as base64)."""


@dataclass(slots=True)
class Whole:
    """A whole reply in the caller's dialect. ``reply`` only where it was translated."""

    body: bytes
    facts: Facts
    losses: tuple[str, ...] = ()
    reply: Reply | None = None
    status: int = 200
    headers: passing.Headers = field(default=())


async def read_whole(watch: Watch, answer: Answer, head: bytes, due: float) -> bytes:
    """The rest of the answer's body behind `head`. Raises AnswerBroken and Interrupted."""
    at_once = answer.pushing()
    if at_once is not None and at_once.ended:  # as the most come: nothing is to be waited for
        return head + at_once.take()
    pieces = [head]
    size = len(head)
    while data := await watch.until(answer.read(), due):
        pieces.append(data)
        size += len(data)
        if size > MOST_BYTES:
            raise AnswerBroken("its reply is too large")
    return b"".join(pieces)


def relay_whole(body: bytes, dialect: Dialect) -> Whole | Fault:
    """`body` as it is, with the facts that the dialect reads from it; JSON that is no reply
    passes too, what is no JSON is a fault."""
    try:
        facts = dialect.backend.read_facts(body)
    except StreamBroken:
        if json_text.object_or_none(body) is None:
            return no_reply()
        facts = Facts()
    return facts.fault or Whole(body, facts)


def translate_whole(
    body: bytes, dialect: Dialect, source: Source, caller: CallerHalf, context: ReplyContext
) -> Whole | Fault:
    """`body` in the caller's dialect; an event stream that nobody asked for is folded first."""
    try:
        if sse.looks_like_sse(body):
            reply = _fold(body, dialect, source)
        else:
            reply = dialect.backend.read_reply(body, source)
    except Refused as refusal:
        return refusal.fault
    except StreamBroken:
        return no_reply()
    if reply.unfinished and caller is not dialect.caller:
        return fault_for("upstream_error", "The backend goes on with its reply in the background.")
    told = caller.write_reply(reply, context)
    return Whole(told.body, _facts_of(reply, len(body)), told.losses, reply)


def no_reply() -> Fault:
    """The fault of a body that no reply can be read from."""
    return fault_for("upstream_error", "The backend sent what is no reply of its API.")


def _fold(body: bytes, dialect: Dialect, source: Source) -> Reply:
    reader = dialect.backend.open_reader(source)
    fold = Fold()
    for event in (*reader.feed(body), *reader.end()):
        if isinstance(event, ev.Failed):
            raise Refused(event.fault)
        fold.add(event)
    if not reader.finished:
        message = "The backend closed the stream before its reply was complete."
        raise Refused(fault_for("upstream_truncated", message))
    return fold.reply()


def _facts_of(reply: Reply, size: int) -> Facts:
    finish = reply.choices[0].finish if reply.choices else None
    return Facts(
        events=1,
        finished=True,
        terminated=True,
        usage=reply.usage,
        id=reply.id,
        model=reply.model,
        output_bytes=size,
        native_finish=finish.native if finish else None,
    )
