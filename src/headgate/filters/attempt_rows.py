"""The rows of attempts: settled at once, or written in one piece with the row of the exchange."""

from headgate.filters.secret_shapes import redact
from headgate.model.books import AttemptRow
from headgate.pipeline.bill import bill_of, milliseconds
from headgate.pipeline.exchange import Attempt, Exchange


def is_settled_at_close(attempt: Attempt) -> bool:
    """Whether the row of the exchange takes this attempt into the books with it."""
    # What is complete is followed by no attempt, and nothing is waited for before the close.
    return attempt.outcome == "complete"


def row_of(exchange: Exchange, attempt: Attempt) -> AttemptRow:
    """The row of an attempt that is over."""
    bill = bill_of(attempt, exchange.input_estimate)
    usage, cost, target = bill.usage, attempt.cost, attempt.target
    return AttemptRow(
        exchange_id=exchange.id,
        attempt=attempt.number,
        at=attempt.at,
        user_id=exchange.user.id or None,
        backend_id=exchange.snapshot.backend_id(target.backend),
        backend_name=target.backend,
        routed_model=target.model,
        outcome=attempt.outcome,
        status_code=attempt.status,
        error_message=redact(attempt.fault.message) if attempt.fault else None,
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        usage_source=bill.source,
        cost_usd=cost.usd if cost else None,
        price_version=cost.version if cost else None,
        time_to_first_event_ms=milliseconds(attempt.asked_at, attempt.first_event_at),
        duration_ms=milliseconds(attempt.asked_at, attempt.ended_at),
    )
