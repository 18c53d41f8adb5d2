"""Prices every attempt: by the operator's own prices, else by a public list."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from typing_extensions import override

from headgate.model.price import Cost, input_parts
from headgate.model.usage import Usage
from headgate.pipeline.bill import bill_of
from headgate.pipeline.charge import cost_of, own_price
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.ports import Prices

_LISTED: Mapping[str, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "azure": "azure",
    "bedrock": "aws",
    "openrouter": "openrouter",
    "groq": "groq",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "xai": "x-ai",
    "together": "together",
    "fireworks": "fireworks",
    "cerebras": "cerebras",
    "zai": "zai",
    "moonshot": "moonshotai",
    "cohere": "cohere",
    "perplexity": "perplexity",
}
"""From vendors in our catalog to providers of the list."""


class Pricing(Filter):
    """Notes what every attempt cost, before it is booked."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        backend = exchange.snapshot.backends[attempt.target.backend]
        if own_price(backend, attempt.target.model) is None:
            self._prices.warm(backend.vendor)

    @override
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        bill = bill_of(attempt, exchange.input_estimate)
        if bill.source is not None:
            backend = exchange.snapshot.backends[attempt.target.backend]
            attempt.cost = cost_of(
                backend, attempt.target.model, bill.usage, attempt.at, self._prices
            )


class ListPrices:
    """See `headgate.ports.Prices`. The list takes 20 MB and a tenth of a second to load, so it is
    loaded in a thread when the first attempt at a listed vendor leaves, and by no other worker."""

    def __init__(self) -> None:
        self._loading: threading.Thread | None = None

    def warm(self, vendor: str) -> None:
        """See `Prices.warm`."""
        if self._loading is None and vendor in _LISTED:
            self._loading = threading.Thread(target=_load, name="price-list", daemon=True)
            self._loading.start()

    def cost(self, vendor: str, model: str, usage: Usage, at: float) -> Cost | None:
        """See `Prices.cost`."""
        provider = _LISTED.get(vendor)
        if provider is None:
            return None
        return _look_up(provider, model, usage, at)


def _look_up(provider: str, model: str, usage: Usage, at: float) -> Cost | None:
    try:
        import genai_prices  # noqa: PLC0415 - 20 MB that only priced attempts need
    except ModuleNotFoundError:
        return None  # an optional extra: without it only the configuration's own prices count
    whole, cached, written = input_parts(usage)
    counted = genai_prices.Usage(
        input_tokens=whole,
        output_tokens=max(usage.output_tokens or 0, 0),
        cache_read_tokens=cached,
        cache_write_tokens=written,
        cache_write_1h_tokens=min(max(usage.cache_write_1h_tokens or 0, 0), written),
    )
    try:
        found = genai_prices.calc_price(
            counted,
            model_ref=model,
            provider_id=provider,
            genai_request_timestamp=datetime.fromtimestamp(at, UTC),
        )
    except (LookupError, ValueError):
        return None  # a model that nobody has listed yet
    return Cost(float(found.total_price), f"genai-prices {genai_prices.__version__}")


def _load() -> None:
    _look_up("openai", "gpt-4o", Usage(1, 1), 0.0)
