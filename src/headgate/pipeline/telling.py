"""How the caller is told: the head of an answer, whole answers, errors before and in a stream."""

import math

from headgate.dialects.destination import Source
from headgate.dialects.facts import Facts
from headgate.model.fault import Fault, Refused, StreamBroken
from headgate.model.reply import Reply, unfold
from headgate.pipeline import passing
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gears import Gear
from headgate.pipeline.guard import sendable
from headgate.pipeline.passed import Passed
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER, Interrupted
from headgate.pipeline.whole import Whole, no_reply
from headgate.ports import Headers
from headgate.wire import sse

JSON = ("content-type", "application/json")
WHOLE_STALL_S = 600.0
"""How long a caller may take to read a whole reply."""
_LONGEST_WAIT_S = 86_400.0
_LONGEST_VALUE = 500


def answer_headers(exchange: Exchange) -> passing.Headers:
    """The gateway's own headers: the request's id, where it went, what was lost on the way."""
    headers = [*id_headers(exchange.id)]
    if exchange.attempts:
        target = exchange.attempts[-1].target
        headers += [
            ("x-headgate-backend", target.backend),
            ("x-headgate-model", target.model),
            ("x-headgate-attempts", str(len(exchange.attempts))),
        ]
    if exchange.losses:
        headers.append(("x-headgate-lost", ", ".join(dict.fromkeys(exchange.losses))))
    wanted = sendable(exchange.guard.effects.to_caller) if exchange.guard else ()
    return (*headers, *exchange.headers_out, *wanted)


def id_headers(request_id: str) -> passing.Headers:
    """What every answer says first."""
    return (("x-request-id", request_id), ("request-id", request_id))


async def start_stream(
    turn: Turn, backend_headers: passing.Headers = (), framing: passing.Headers = passing.STREAM
) -> None:
    """Sends the head of an answer that comes piece by piece, an event stream unless `framing` says
    something else, if it is not out."""
    if not turn.downstream.started:
        turn.exchange.status = 200
        turn.exchange.told_at = turn.watch.now()
        passed = _beside_ours(turn.exchange, backend_headers)
        headers = (*framing, *answer_headers(turn.exchange), *passed)
        await turn.downstream.start(200, _encode(headers))


async def keep_alive(turn: Turn) -> None:
    """Breaks the silence of a stream with a frame that means nothing; not while the caller is
    still sending, who might yet be refused with a status."""
    upload = turn.exchange.upload
    if upload is not None and not upload.ended:
        return
    await start_stream(turn)
    await turn.downstream.write(turn.exchange.caller.keep_alive)


async def tell_whole(turn: Turn, whole: Whole) -> None:
    """Answers with a whole reply; as a stream where a heartbeat has opened one. Raises Refused
    where it is no reply that a stream could tell."""
    exchange = turn.exchange
    exchange.losses.extend(whole.losses)
    await turn.watch.silence()
    if turn.downstream.started:
        await turn.say(_as_stream(turn, whole))
        await turn.downstream.finish()
        return
    keeping = exchange.keeping
    whole.body = exchange.tied(whole.body)
    if keeping is not None and keeping.take_whole(whole.body):
        await turn.watch.until(keeping.settled(), NEVER)
    exchange.status = whole.status
    exchange.told_at = turn.watch.now()
    _take_down(exchange, whole.body)
    headers = (JSON, *answer_headers(exchange), *_beside_ours(exchange, whole.headers))
    respond = turn.downstream.respond(whole.status, _encode(headers), whole.body)
    try:
        await turn.watch.until(respond, turn.watch.now() + WHOLE_STALL_S)
    except Interrupted:
        turn.downstream.abort()  # nothing else can be said behind half an answer
        raise


async def tell_at_once(turn: Turn, body: bytes) -> None:
    """Answers with JSON before any target was asked."""
    turn.exchange.status = 200
    turn.exchange.told_at = turn.watch.now()
    headers = (JSON, *answer_headers(turn.exchange))
    await turn.downstream.respond(200, _encode(headers), body)


async def tell_fault(turn: Turn, fault: Fault, gear: Gear | None = None) -> None:
    """Answers with an error: a status while none is out, else error frames."""
    exchange = turn.exchange
    await turn.watch.silence()
    if isinstance(gear, Passed):
        turn.downstream.abort()  # nothing can be said in the middle of sound or pictures
        return
    if turn.downstream.started:
        if exchange.snapshot.settings.stream_errors == "event":
            frames = gear.fail(fault) if gear else exchange.caller.break_stream(fault, Facts())
            await turn.say(frames)
        await turn.downstream.finish()
        return
    exchange.status = fault.http_status
    body = fault.native or exchange.caller.write_error(fault, exchange.id)
    _take_down(exchange, body)
    headers = (JSON, *answer_headers(exchange), *_beside_ours(exchange, _waiting(fault)))
    await turn.downstream.respond(fault.http_status, _encode(headers), body)


def _take_down(exchange: Exchange, body: bytes) -> None:
    if exchange.recording is not None:
        exchange.recording.take_whole(body)
    if exchange.tape is not None:
        exchange.tape.said(body)


def _beside_ours(exchange: Exchange, headers: passing.Headers) -> passing.Headers:
    """A backend's limits concern us; they reach the caller where we have none to tell."""
    if not headers or not exchange.headers_out:
        return headers
    return tuple((name, value) for name, value in headers if not passing.tells_limits(name))


def _waiting(fault: Fault) -> passing.Headers:
    if fault.retry_after_s is None or any(name == "retry-after" for name, _ in fault.headers):
        return fault.headers
    wait_s = math.ceil(min(max(fault.retry_after_s, 1.0), _LONGEST_WAIT_S))
    return (*fault.headers, ("retry-after", str(wait_s)))


def _as_stream(turn: Turn, whole: Whole) -> bytes:
    exchange = turn.exchange
    if exchange.dialect.endpoint is not None:
        return sse.write(whole.body) + exchange.caller.close_stream(Facts())
    reply = whole.reply or _read(exchange, whole.body)
    writer = exchange.caller.open_writer(turn.reply_context())
    return b"".join(writer.write(event) for event in unfold(reply)) + writer.end()


def _read(exchange: Exchange, body: bytes) -> Reply:
    try:
        return exchange.dialect.backend.read_reply(body, Source())
    except StreamBroken as error:
        raise Refused(no_reply()) from error


def _encode(headers: passing.Headers) -> Headers:
    """Headers as they are sent: visible ASCII, at most 500 characters a value."""
    values = "".join([value for _, value in headers])
    if values.isascii() and values.isprintable() and len(values) <= _LONGEST_VALUE:
        return [(name.encode(), value.encode()) for name, value in headers]
    return [(name.encode(), _visible(value[:_LONGEST_VALUE])) for name, value in headers]


def _visible(value: str) -> bytes:
    if value.isascii() and value.isprintable():
        return value.encode()
    return "".join(c if " " <= c <= "~" else "?" for c in value).encode()
