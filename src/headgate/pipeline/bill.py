"""What an attempt used: the provider's figures where there are any, else an estimate."""

import msgspec

from headgate.dialects.facts import Facts
from headgate.model.usage import Bill, Usage
from headgate.pipeline.exchange import Attempt, Exchange

_TOKEN_BYTES = 4
_FRAME_BYTES = 400
"""What stands around the text of a frame or a whole reply, rather too much than too little: the
bytes count only where a frame carries many tokens."""


def bill_of(attempt: Attempt, input_estimate: int) -> Bill:
    """What the attempt used: the provider's figures, else an estimate of what passed. Of one that
    is over it is reckoned once."""
    if attempt.bill is not None:
        return attempt.bill
    bill = _reckon(attempt, input_estimate)
    if attempt.ended_at is not None:
        attempt.bill = bill
    return bill


def _reckon(attempt: Attempt, input_estimate: int) -> Bill:
    facts = attempt.facts
    if facts.usage is not None:
        output = facts.usage.output_tokens
        if output is not None and (facts.finished or facts.terminated):
            return Bill(facts.usage, "provider")
        most = max(output or 0, _output_estimate(facts))
        return Bill(msgspec.structs.replace(facts.usage, output_tokens=most), "estimated")
    if attempt.first_event_at is None and attempt.outcome != "client_closed":
        return Bill()
    return Bill(Usage(input_estimate, _output_estimate(facts)), "estimated")


def milliseconds(start: float, end: float | None) -> float | None:
    """The time between two instants in seconds, to the microsecond; None where there was no
    second."""
    return None if end is None else round((end - start) * 1e6) / 1000


def overhead_s(exchange: Exchange) -> float | None:
    """The gateway's own time: before the backend was asked, and from its first event to ours;
    None where none was asked."""
    if not exchange.attempts:
        return None
    first, last = exchange.attempts[0], exchange.attempts[-1]
    before = first.asked_at - exchange.began
    if last.first_event_at is None or exchange.told_at is None:
        return before
    return before + max(0.0, exchange.told_at - last.first_event_at)


def _output_estimate(facts: Facts) -> int:
    """About a token an event, and never fewer than its bytes make likely."""
    text = facts.output_bytes - facts.events * _FRAME_BYTES
    return max(facts.events - 1, text // _TOKEN_BYTES, 0)
