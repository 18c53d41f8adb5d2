"""Writes the row of every exchange: what was asked, where it went, how it ended, and what was said
where that is to be kept."""

from typing_extensions import override

from headgate.filters import attempt_rows
from headgate.filters.kept_bodies import kept_bodies
from headgate.filters.policy_notes import notes_of, tags_of
from headgate.filters.secret_shapes import redact
from headgate.filters.strangers import Strangers
from headgate.model.books import AttemptRow, ExchangeRow
from headgate.model.usage import Bill
from headgate.pipeline.bill import bill_of, milliseconds, overhead_s
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.ports import Books

_NOTHING = Bill()


class RequestLog(Filter):
    """Writes exchanges into the books."""

    def __init__(self, books: Books, strangers: Strangers | None = None) -> None:
        self._books = books
        self._strangers = strangers or Strangers()

    @override
    def close(self, exchange: Exchange) -> None:
        if not _is_stranger(exchange) or self._strangers.is_worth_a_row(exchange.ended):
            self._books.close(row_of(exchange), _unsettled(exchange))

    @override
    def amend(self, exchange: Exchange) -> None:
        self._books.close(row_of(exchange))


def row_of(exchange: Exchange) -> ExchangeRow:
    """The request log's row of a finished exchange."""
    last = exchange.attempts[-1] if exchange.attempts else None
    bill = bill_of(last, exchange.input_estimate) if last else _NOTHING
    usage, user, bodies = bill.usage, exchange.user, kept_bodies(exchange)
    return ExchangeRow(
        id=exchange.id,
        created_at=exchange.created_at,
        user_id=user.id or None,
        user_name=user.name or None,
        key_id=user.key.id or None,
        backend_id=exchange.snapshot.backend_id(last.target.backend) if last else None,
        backend_name=last.target.backend if last else None,
        endpoint=exchange.endpoint,
        dialect=exchange.dialect.name,
        request_model=exchange.envelope.model,
        routed_model=last.target.model if last else None,
        response_model=(last.facts.model or None) if last else None,
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        total_tokens=usage.total_tokens if bill.source else None,
        usage_source=bill.source,
        cost_usd=_cost_usd(exchange),
        status_code=exchange.status,
        outcome=exchange.outcome,
        error_message=redact(exchange.fault.message) if exchange.fault else None,
        attempts=len(exchange.attempts),
        time_to_first_event_ms=milliseconds(exchange.began, last.first_event_at) if last else None,
        response_time_ms=milliseconds(exchange.began, exchange.ended),
        overhead_us=_overhead_us(exchange),
        stream=exchange.envelope.stream,
        detail_logged=exchange.recording is not None,
        session=exchange.session,
        losses=tuple(dict.fromkeys(exchange.losses)) if exchange.losses else (),
        policies=notes_of(exchange.guard),
        tags=tags_of(exchange.guard),
        request_body=bodies[0],
        response_body=bodies[1],
    )


def _unsettled(exchange: Exchange) -> AttemptRow | None:
    """The row of the last attempt, where it waits for that of the exchange."""
    last = exchange.attempts[-1] if exchange.attempts else None
    if last is None or not attempt_rows.is_settled_at_close(last):
        return None
    return attempt_rows.row_of(exchange, last)


def _is_stranger(exchange: Exchange) -> bool:
    return exchange.fault is not None and exchange.fault.kind == "invalid_api_key"


def _cost_usd(exchange: Exchange) -> float | None:
    """What all attempts cost together; None where no price is known of any."""
    costs = [attempt.cost.usd for attempt in exchange.attempts if attempt.cost is not None]
    return sum(costs) if costs else None


def _overhead_us(exchange: Exchange) -> int | None:
    seconds = overhead_s(exchange)
    return None if seconds is None else round(seconds * 1e6)
