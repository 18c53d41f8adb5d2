"""One attempt at one target, up to the point where its answer can be judged.

`ask` puts the question, sends it, and waits for the first event of a stream or for the whole of
any other reply. Nothing of what it returns has been told to the caller.
"""

from dataclasses import dataclass

from headgate.dialects.destination import Source
from headgate.dialects.dialect import Dialect
from headgate.dialects.facts import Facts
from headgate.model.fault import Fault
from headgate.pipeline import passing
from headgate.pipeline.asking import Question, put
from headgate.pipeline.endpoints import after_all, answer_here, check_policies
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.failing import failure_of, from_fault, from_status, too_slow
from headgate.pipeline.gears import Gear, Metered, Translated
from headgate.pipeline.guard import Guard, is_block
from headgate.pipeline.guarded import Guarded, Watched
from headgate.pipeline.guarded_whole import guard_whole
from headgate.pipeline.passed import Passed, kind_of, note_bytes
from headgate.pipeline.reasoning_copy import ReasoningCopied, copy_in_reply
from headgate.pipeline.stream import MOST_AHEAD_BYTES, READ_ON_S, Stream
from headgate.pipeline.tape import Track
from headgate.pipeline.turn import Turn
from headgate.pipeline.verdict import fault_for, judge
from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.pipeline.whole import Whole, no_reply, read_whole, relay_whole, translate_whole
from headgate.routing.retry import Failure
from headgate.upstream.answer import Answer, AnswerBroken, TargetUnreachable, Upstream
from headgate.upstream.inflate import inflated
from headgate.wire import sse

_MOST_ERROR_BYTES = 1024 * 1024
_ERROR_BODY_S = 10.0
_FIRST_BYTES = {"converse": b"\x00", "gemini": b"["}
"""How the streams of dialects begin that have another framing than SSE, or may have it: AWS
event streams with the length of a frame (below 16 MiB), Gemini's with an array."""


@dataclass(slots=True)
class Opened:
    """A stream whose first event is there, or that ended cleanly without one."""

    answer: Answer
    stream: Stream
    gear: Gear
    question: Question
    headers: passing.Headers
    framing: passing.Headers = passing.STREAM

    async def let_go(self) -> None:
        """Gives the connection back where the stream was read to its end, else closes it."""
        try:
            await self.stream.linger()
        finally:
            self.answer.close()


async def ask(turn: Turn, attempt: Attempt) -> Opened | Whole | Failure:
    """Makes the attempt. Raises Refused where the request cannot be said to the target, and
    Interrupted where the caller left or the gateway stops."""
    if turn.exchange.guard is not None:
        await _prepare_guard(turn, attempt, turn.exchange.guard)
    attempt.asked_at = turn.watch.now()
    result = answer_here(turn.exchange, attempt.target) or await _ask(turn, attempt)
    if isinstance(result, Failure):
        result = after_all(turn.exchange, attempt.target, result)
    if isinstance(result, Whole):
        attempt.facts = result.facts
    return result


async def _ask(turn: Turn, attempt: Attempt) -> Opened | Whole | Failure:
    question = put(turn.exchange, attempt.target, attempt.at)
    attempt.asked_at = turn.watch.now()
    due = attempt.asked_at + _patience_s(turn.exchange, question)
    try:
        return await _send(turn, question, attempt, due)
    except TargetUnreachable as cause:
        return failure_of(cause)
    except AnswerBroken as cause:
        fault = fault_for("upstream_error", f"The backend gave no whole answer: {cause}.")
        return Failure(fault, "connect")
    except Interrupted as interruption:
        if interruption.reason != "due":
            raise
        return too_slow(turn.exchange.envelope.stream)


async def _prepare_guard(turn: Turn, attempt: Attempt, guard: Guard) -> None:
    """The policies see the request again where they ask for the backend, and a new reply."""
    guard.turn_to(attempt.target.backend)
    if guard.asks_backend:
        await see_request(turn)
    elif attempt.number > 1:
        guard.begin_reply()


async def see_request(turn: Turn) -> None:
    """Shows the caller's request to the policies and keeps what they make of it. Raises Refused."""
    exchange, guard = turn.exchange, turn.exchange.guard
    assert guard is not None, "only asked where policies are in force"
    request = exchange.full_request()
    changed = await turn.watch.until(guard.request(request), NEVER)
    check_policies(exchange)
    exchange.changed = None if changed is request else changed


def _patience_s(exchange: Exchange, question: Question) -> float:
    timeouts = question.backend.timeouts
    if exchange.envelope.stream and exchange.upload is None:
        return min(timeouts.first_event_s, timeouts.total_s)
    return timeouts.total_s


async def _send(
    turn: Turn, question: Question, attempt: Attempt, due: float
) -> Opened | Whole | Failure:
    if not turn.reads_on(question.backend):
        return await _ask_backend(turn, question, attempt, due)
    with turn.watch.outlasting(READ_ON_S):
        result = await _ask_backend(turn, question, attempt, due)
        left = turn.watch.outlasts
    if left and isinstance(result, Failure):
        await turn.watch.pause(0)  # raises: nobody is there for whom to try again
    return result


async def _ask_backend(
    turn: Turn, question: Question, attempt: Attempt, due: float
) -> Opened | Whole | Failure:
    upstream = _upstream(turn, question, attempt)
    answer = await turn.watch.until(upstream.send(question.call), due)
    attempt.status = answer.status
    kept = False
    try:
        # A tape has unpacked the answer already.
        plain = inflated(answer) if turn.exchange.tape is None else answer
        result = await _receive(turn, question, plain, due)
        kept = isinstance(result, Opened)
        if not isinstance(result, Failure):
            attempt.first_event_at = turn.watch.now()
            attempt.facts = result.gear.facts if isinstance(result, Opened) else result.facts
        return result
    finally:
        if not kept:
            answer.close()


def _upstream(turn: Turn, question: Question, attempt: Attempt) -> Upstream:
    upstream, tape = turn.gateway.upstream_for(question.backend), turn.exchange.tape
    if tape is None:
        return upstream
    relays = question.source is None
    track = Track(attempt.number, question.dialect.name, question.backend.vendor, relays)
    return tape.over(upstream, track)


async def _receive(
    turn: Turn, question: Question, answer: Answer, due: float
) -> Opened | Whole | Failure:
    if answer.status >= 300:
        return await _refusal(turn, question, answer)
    head = await _head(turn.watch, answer, due)
    if turn.exchange.dialect.endpoint is not None:
        return await _receive_passing(turn, question, answer, head, due)
    if turn.exchange.envelope.stream and _is_stream(question, answer, head):
        return await _open(turn, question, answer, head, due)
    return await _whole(turn, question, answer, head, due)


async def _receive_passing(
    turn: Turn, question: Question, answer: Answer, head: bytes, due: float
) -> Opened | Whole | Failure:
    """An endpoint's reply: what it is decides how it passes, whatever was asked for."""
    match kind_of(question.dialect, answer, head):
        case "events":
            return await _open(turn, question, answer, head, due)
        case "bytes" if turn.downstream.started:  # as an event stream, by a heartbeat
            return from_fault(no_reply())
        case "bytes":
            opened = await _open(turn, question, answer, head, due, passes_bytes=True)
            if isinstance(opened, Opened):
                opened.framing = passing.of_body(answer.headers)
                note_bytes(turn.exchange, answer)
            return opened
        case _:
            return await _whole(turn, question, answer, head, due)


async def _head(watch: Watch, answer: Answer, due: float) -> bytes:
    """The first bytes, as many as tell whether they are an event stream. Raises AnswerBroken
    where ever more of them tell nothing."""
    head = data = await watch.until(answer.read(), due)
    while data and sse.looks_like_sse(head) is None:
        if len(head) > MOST_AHEAD_BYTES:
            raise AnswerBroken("it begins with too many empty lines")
        data = await watch.until(answer.read(), due)
        head += data
    return head


def _is_stream(question: Question, answer: Answer, head: bytes) -> bool:
    """The bytes decide; the label only where there are none."""
    if not head.strip():
        return "text/event-stream" in answer.headers.get("content-type", "")
    first = _FIRST_BYTES.get(question.dialect.name)
    bare = first is not None and head.removeprefix(sse.BOM).lstrip().startswith(first)
    return bare or bool(sse.looks_like_sse(head))


async def _open(
    turn: Turn,
    question: Question,
    answer: Answer,
    head: bytes,
    due: float,
    passes_bytes: bool = False,
) -> Opened | Failure:
    gear = _passed(question.dialect) if passes_bytes else _gear(turn, question)
    holding = gear if isinstance(gear, Guarded | Watched) else None
    stream = Stream(answer, gear, turn.watch, holding)
    await stream.begin(head, due)
    nothing_came = gear.facts.events == 0
    if nothing_came and gear.facts.fault is not None:
        return from_fault(gear.facts.fault)
    if nothing_came and stream.ending in ("broken", "nonsense"):
        _, fault = judge(gear.facts, stream.ending)
        assert fault is not None, "a broken stream without an event has a fault"
        return Failure(fault, "connect")
    if holding is not None:
        timeouts, asked_at = question.backend.timeouts, turn.exchange.attempts[-1].asked_at
        await stream.gather(timeouts.idle_s, asked_at + timeouts.total_s)
        if gear.facts.fault is not None and is_block(gear.facts.fault):
            return _blocked(turn, gear.facts.fault, gear.facts)
    if turn.watch.outlasts:
        await stream.read_on(question.backend.timeouts.idle_s)
    return Opened(answer, stream, gear, question, passing.to_caller(answer.headers))


def _blocked(turn: Turn, fault: Fault, facts: Facts) -> Failure:
    """A reply of which nothing was told; it was made nevertheless, and counts."""
    exchange = turn.exchange
    attempt, guard = exchange.attempts[-1], exchange.guard
    attempt.first_event_at = turn.watch.now()
    attempt.facts = facts
    return Failure(fault, "5xx" if guard is not None and guard.again else None)


def _passed(dialect: Dialect) -> Passed:
    return Passed(dialect.endpoint is not None and dialect.endpoint.bytes_are_text)


def _gear(turn: Turn, question: Question) -> Gear:
    exchange, guard, now = turn.exchange, _reply_guard(turn.exchange), turn.watch.now
    source = question.source or Source(vendor=question.backend.vendor)
    backend = question.dialect.backend
    if guard is not None and guard.changes_reply:
        writer = exchange.caller.open_writer(turn.reply_context())
        return Guarded(backend.open_reader(source), writer, guard, now)
    gear = _plain_gear(turn, question)
    if _copies_reasoning(exchange):
        gear = ReasoningCopied(gear)
    if guard is not None and guard.watches_reply:
        return Watched(gear, backend.open_reader(source), guard, now)
    return gear


def _reply_guard(exchange: Exchange) -> Guard | None:
    """The policies that the reply is shown to."""
    return exchange.guard if exchange.dialect.endpoint is None else None


def _plain_gear(turn: Turn, question: Question) -> Gear:
    exchange = turn.exchange
    backend = question.dialect.backend
    if question.source is None:
        asked_by_us = question.backend.quirks.usage_in_stream
        hide_usage = asked_by_us and not exchange.envelope.include_usage
        return Metered(backend, exchange.caller, hide_usage)
    return Translated(backend, question.source, exchange.caller, turn.reply_context())


def _copies_reasoning(exchange: Exchange) -> bool:
    return exchange.user.copy_reasoning and exchange.dialect.name == "chat"


async def _whole(
    turn: Turn, question: Question, answer: Answer, head: bytes, due: float
) -> Whole | Failure:
    body = await read_whole(turn.watch, answer, head, due)
    source = question.source
    result: Whole | Fault
    if source is None and not sse.looks_like_sse(body):
        result = relay_whole(body, question.dialect)
    else:
        source = source or Source(vendor=question.backend.vendor)
        caller = turn.exchange.caller
        result = translate_whole(body, question.dialect, source, caller, turn.reply_context())
    guard = _reply_guard(turn.exchange)
    if guard is not None and guard.watches_reply and isinstance(result, Whole):
        whole, result = result, await guard_whole(turn, question, guard, result)
        if isinstance(result, Fault) and is_block(result):
            return _blocked(turn, result, whole.facts)
    if isinstance(result, Fault):
        return from_fault(result)
    if _copies_reasoning(turn.exchange):
        result.body = copy_in_reply(result.body)
    result.status = answer.status
    result.headers = passing.to_caller(answer.headers)
    return result


async def _refusal(turn: Turn, question: Question, answer: Answer) -> Failure:
    body = await _error_body(turn.watch, answer)
    relayed = question.source is None
    return from_status(answer, body, question.dialect, relayed, turn.gateway.wall())


async def _error_body(watch: Watch, answer: Answer) -> bytes:
    """As much of an error's body as comes, and comes in time: the status says the most of it."""
    body = b""
    due = watch.now() + _ERROR_BODY_S
    try:
        while len(body) <= _MOST_ERROR_BYTES and (data := await watch.until(answer.read(), due)):
            body += data
    except AnswerBroken:
        pass
    except Interrupted as interruption:
        if interruption.reason != "due":
            raise
    return body
