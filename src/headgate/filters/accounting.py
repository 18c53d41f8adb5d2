"""Books every attempt: the intent before a byte leaves, the truth once when it is over."""

from typing_extensions import override

from headgate.filters.secret_shapes import redact
from headgate.model.books import AttemptRow, Intent
from headgate.pipeline.bill import bill_of, milliseconds
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.ports import Books


class Accounting(Filter):
    """Writes intents and attempts into the books."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        self._books.intend(
            Intent(
                exchange_id=exchange.id,
                attempt=attempt.number,
                at=attempt.at,
                user_id=exchange.user.id or None,
                user_name=exchange.user.name or None,
                key_id=exchange.user.key.id or None,
                backend_id=exchange.snapshot.backend_id(attempt.target.backend),
                backend_name=attempt.target.backend,
                endpoint=exchange.endpoint,
                dialect=exchange.dialect.name,
                request_model=exchange.envelope.model,
                routed_model=attempt.target.model,
                stream=exchange.envelope.stream,
                input_estimate=exchange.input_estimate,
            )
        )

    @override
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        bill = bill_of(attempt, exchange.input_estimate)
        self._books.settle(
            AttemptRow(
                exchange_id=exchange.id,
                attempt=attempt.number,
                at=attempt.at,
                user_id=exchange.user.id or None,
                backend_id=exchange.snapshot.backend_id(attempt.target.backend),
                backend_name=attempt.target.backend,
                routed_model=attempt.target.model,
                outcome=attempt.outcome,
                status_code=attempt.status,
                error_message=redact(attempt.fault.message) if attempt.fault else None,
                prompt_tokens=bill.usage.input_tokens,
                completion_tokens=bill.usage.output_tokens,
                cached_tokens=bill.usage.cached_tokens,
                reasoning_tokens=bill.usage.reasoning_tokens,
                usage_source=bill.source,
                cost_usd=attempt.cost.usd if attempt.cost else None,
                price_version=attempt.cost.version if attempt.cost else None,
                time_to_first_event_ms=milliseconds(attempt.asked_at, attempt.first_event_at),
                duration_ms=milliseconds(attempt.asked_at, attempt.ended_at),
            )
        )
