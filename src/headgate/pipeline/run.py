"""The trunk: the life of one exchange from top to bottom, entered once for each request.

Before the first event reaches the caller an attempt may be followed by another; after it never.
Whatever happens, every attempt is settled once and the exchange is closed once.
"""

import msgspec

from headgate.model.fault import Fault, Refused
from headgate.model.outcome import Outcome
from headgate.pipeline.attempt import Opened, ask, see_request
from headgate.pipeline.detaching import detach
from headgate.pipeline.endpoints import may_try_again
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import call_each
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.guard import is_block
from headgate.pipeline.identify import Showing, identify
from headgate.pipeline.intake import open_form, take_body, take_form, take_rest
from headgate.pipeline.plan import targets_for
from headgate.pipeline.recalling import forgets, recall
from headgate.pipeline.telling import keep_alive, start_stream, tell_fault, tell_whole
from headgate.pipeline.turn import Turn
from headgate.pipeline.verdict import judge
from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.pipeline.whole import Whole
from headgate.ports import CallerLeft, Downstream
from headgate.routing.retry import Failure, NextTry, next_try
from headgate.routing.target import ALL_CONDITIONS, Target

LEFT_STATUS = 499
"""What the log shows where the caller was gone before a status went out (nginx's number)."""


async def run(gateway: Gateway, exchange: Exchange, downstream: Downstream) -> None:
    """Carries out one exchange. Raises nothing but what is a bug."""
    watch = Watch()
    turn = Turn(gateway, exchange, downstream, watch)
    gateway.running.add(watch)
    downstream.on_leave(turn.leave)
    try:
        await _admit(turn)
        targets = await targets_for(turn)
        await detach(turn)
        await _answer(turn, targets)
    except Refused as refusal:
        exchange.fault = refusal.fault
        exchange.outcome = "blocked" if is_block(refusal.fault) else exchange.outcome
        await _tell(turn, refusal.fault)
    except Interrupted as interruption:
        await _stopped(turn, interruption)
    except CallerLeft:
        exchange.outcome = "client_closed"
    finally:
        gateway.running.discard(watch)
        exchange.ended = watch.now()
        if not exchange.status:
            exchange.status = LEFT_STATUS if exchange.outcome == "client_closed" else 500
        call_each(gateway.phases.close, exchange)
        try:
            await _finish(turn)
        finally:
            watch.close()


async def _finish(turn: Turn) -> None:
    """When all is told and booked."""
    guard, upload = turn.exchange.guard, turn.exchange.upload
    try:
        if upload is not None:
            upload.close()
        if turn.part is not None:
            await turn.part()
        if turn.rest is not None:
            await turn.rest()
        if guard is not None and guard.reviews:
            await guard.review()
            call_each(turn.gateway.phases.amend, turn.exchange)
    finally:
        if guard is not None:
            guard.end(turn.exchange.outcome)
        if turn.exchange.tape is not None:
            turn.exchange.tape.end()


async def _admit(turn: Turn) -> None:
    gateway, exchange = turn.gateway, turn.exchange
    showing = Showing(exchange.headers, exchange.endpoint, exchange.peer, exchange.created_at)
    exchange.user = identify(exchange.snapshot, showing)
    gateway.key_uses.note(exchange.user.key.id, exchange.created_at)
    if open_form(turn):
        await _ask_filters(turn)  # a form may be large, and wait on disk: first, whether it may
        await take_form(turn)
        exchange.estimate_input()
    else:
        await take_body(turn)
        await recall(turn)
        exchange.estimate_input()
        await _ask_filters(turn)
    guard = exchange.guard = exchange.snapshot.open_guard(exchange)
    if guard is not None:
        await take_rest(turn)
    if guard is not None and not guard.asks_backend:
        await see_request(turn)
    heartbeat_s = exchange.snapshot.settings.heartbeat_s
    if exchange.envelope.stream and heartbeat_s and not _waits_for_none(exchange):
        turn.watch.beat(heartbeat_s, lambda: keep_alive(turn))


async def _ask_filters(turn: Turn) -> None:
    for admit in turn.gateway.phases.admit:
        if (waiting := admit(turn.exchange)) is not None:
            await turn.watch.until(waiting, NEVER)


def _waits_for_none(exchange: Exchange) -> bool:
    return exchange.ties is not None and exchange.ties.background


async def _answer(turn: Turn, targets: tuple[Target, ...]) -> None:
    """Attempt after attempt until one is told to the caller. Raises Refused with the last fault."""
    gateway, route = turn.gateway, turn.exchange.route
    assert route is not None, "targets come from a route"
    step = NextTry(targets[0], 0.0)
    gateway.budget(targets[0].backend).note_request(turn.watch.now())
    tried: list[Target] = []
    while True:
        if step.pause_s:
            await turn.watch.pause(step.pause_s)
        tried.append(step.target)
        failure = await _attempt(turn, step.target)
        if failure is None:
            return
        if forgets(turn.exchange, failure.fault):
            step = NextTry(step.target, 0.0)
            continue
        if is_block(failure.fault):  # what a policy wants mended is no matter of the route's
            route = msgspec.structs.replace(route, fallback_on=ALL_CONDITIONS)
        following = next_try(route, targets, tried, failure, gateway.draw())
        if following is None or not may_try_again(turn.exchange):
            raise Refused(failure.fault)
        step = following
        repeats = step.target in tried
        if repeats and not gateway.budget(step.target.backend).take(turn.watch.now()):
            raise Refused(failure.fault)


async def _attempt(turn: Turn, target: Target) -> Failure | None:
    gateway, exchange = turn.gateway, turn.exchange
    now = turn.watch.now()
    attempt = Attempt(len(exchange.attempts) + 1, target, gateway.wall(), now)
    exchange.attempts.append(attempt)
    record = gateway.health.of(target.key)
    record.started()
    try:
        for prepare in gateway.phases.prepare:
            prepare(exchange, attempt)
        result = await ask(turn, attempt)
        if isinstance(result, Failure):
            _note_failure(turn, attempt, result)
            return result
        record.succeeded((attempt.first_event_at or attempt.asked_at) - attempt.asked_at)
        await _deliver(turn, attempt, result)
        return None
    except (Interrupted, CallerLeft) as cause:
        attempt.outcome = "drained" if _is_drain(cause) else "client_closed"
        raise
    except Refused as refusal:
        attempt.fault = refusal.fault
        attempt.outcome = _outcome_of(refusal.fault)
        raise
    finally:
        record.ended()
        attempt.ended_at = turn.watch.now()
        exchange.outcome = attempt.outcome
        call_each(gateway.phases.settle, exchange, attempt)


def _outcome_of(fault: Fault) -> Outcome:
    if is_block(fault):
        return "blocked"
    return "refused" if fault.origin == "gateway" else "upstream_error"


def _note_failure(turn: Turn, attempt: Attempt, failure: Failure) -> None:
    attempt.fault = failure.fault
    if is_block(failure.fault):
        attempt.outcome = "blocked"
        return
    attempt.outcome = "timeout" if failure.condition == "timeout" else "upstream_error"
    if failure.condition is not None:
        turn.gateway.health.of(attempt.target.key).failed(failure.fault, turn.watch.now())


async def _deliver(turn: Turn, attempt: Attempt, result: Opened | Whole) -> None:
    if isinstance(result, Whole):
        attempt.outcome = "client_closed"
        await tell_whole(turn, result)
        attempt.outcome = "complete"
        return
    turn.rest = result.let_go
    await _relay(turn, attempt, result)


async def _relay(turn: Turn, attempt: Attempt, opened: Opened) -> None:
    """After this line there is no second attempt."""
    exchange, gear, stream = turn.exchange, opened.gear, opened.stream
    timeouts = opened.question.backend.timeouts
    await turn.watch.hush()
    await start_stream(turn, opened.headers, opened.framing)
    await stream.relay(turn, timeouts.idle_s, attempt.asked_at + timeouts.total_s)
    outcome, fault = judge(gear.facts, stream.ending or "clean")
    attempt.outcome, attempt.fault = outcome, fault
    exchange.fault = fault
    exchange.losses.extend(gear.losses)
    if outcome == "client_closed":
        if turn.reads_on(opened.question.backend):
            await turn.watch.silence()
            await stream.read_on(timeouts.idle_s)
        return
    if fault is not None:
        if outcome not in ("drained", "blocked"):
            turn.gateway.health.of(attempt.target.key).failed(fault, turn.watch.now())
        await tell_fault(turn, fault, gear)
        return
    closing = gear.close() if outcome == "complete" else b""
    if closing:
        attempt.outcome = "client_closed"
        await turn.say(closing)
        attempt.outcome = outcome
    await turn.watch.silence()
    try:
        await turn.downstream.finish()
    except CallerLeft:
        pass  # clients close as soon as they have read the last event


async def _tell(turn: Turn, fault: Fault) -> None:
    try:
        await tell_fault(turn, fault)
    except (CallerLeft, Interrupted):
        turn.exchange.outcome = "client_closed"


async def _stopped(turn: Turn, interruption: Interrupted) -> None:
    if _is_drain(interruption):
        message = "The gateway is restarting. Send the request again."
        fault = turn.exchange.fault = Fault(kind="gateway_restarting", message=message)
        await _tell(turn, fault)
        turn.exchange.outcome = "drained"
        return
    turn.downstream.abort()
    turn.exchange.outcome = "client_closed"


def _is_drain(cause: Exception) -> bool:
    return isinstance(cause, Interrupted) and cause.reason == "drained"
