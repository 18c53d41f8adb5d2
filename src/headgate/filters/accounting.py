"""Books every attempt: the intent before a byte leaves, the truth once when it is over."""

from typing_extensions import override

from headgate.filters.attempt_rows import is_settled_at_close, row_of
from headgate.model.books import Intent
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
        if not is_settled_at_close(attempt):
            self._books.settle(row_of(exchange, attempt))
