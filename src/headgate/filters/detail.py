"""Has what a caller gets recorded where the user's or the backend's details are to be logged."""

from typing_extensions import override

from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.recording import Recording


class Detail(Filter):
    """Begins the recording before anything is told; the request log keeps what it holds."""

    @override
    def admit(self, exchange: Exchange) -> None:
        if exchange.user.detail_logging:
            _record(exchange)

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        if exchange.snapshot.backends[attempt.target.backend].detail_logging:
            _record(exchange)


def _record(exchange: Exchange) -> None:
    if exchange.recording is None:
        mode = exchange.snapshot.settings.stream_detail
        exchange.recording = Recording(mode, exchange.dialect.name)
