"""What a request costs at a backend: by the operator's own prices, else by the public list."""

import functools
from fnmatch import fnmatchcase

from headgate.backends.backend import Backend
from headgate.model.price import Cost, Price, cost_at
from headgate.model.usage import Usage
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.snapshot import Snapshot
from headgate.ports import Prices
from headgate.routing.target import Target

UNSAID_OUTPUT = 1024
"""Output tokens to reserve where the caller set no bound."""
EXPECTED_OUTPUT = 1024
"""Output tokens to expect at the most: clients allow tens of thousands and use few of them."""


def cost_of(
    backend: Backend, model: str, usage: Usage, at: float, prices: Prices | None
) -> Cost | None:
    """What `usage` cost at the Unix time `at`; None where nobody knows a price, or no token was
    counted (sound is measured in seconds, ranking in searches)."""
    if usage.input_tokens is None and not usage.output_tokens:
        return None
    price = own_price(backend, model)
    if price is not None:
        return cost_at(price, usage)
    return prices.cost(backend.vendor, model, usage, at) if prices else None


def own_price(backend: Backend, model: str) -> Price | None:
    """The operator's price for `model`: of the globs that fit, the first."""
    return _first_that_fits(backend.prices, model) if backend.prices else None


@functools.lru_cache(maxsize=1024)
def _first_that_fits(prices: tuple[tuple[str, Price], ...], model: str) -> Price | None:
    return next((price for glob, price in prices if fnmatchcase(model, glob)), None)


def expected_cost(exchange: Exchange, target: Target, prices: Prices | None) -> float | None:
    """US dollars that the exchange may cost at `target`; None where nobody knows a price."""
    backend = exchange.snapshot.backends[target.backend]
    output = min(output_bound(exchange), EXPECTED_OUTPUT)
    usage = Usage(exchange.input_estimate, output)
    cost = cost_of(backend, target.model, usage, exchange.created_at, prices)
    return cost.usd if cost else None


def decides(snapshot: Snapshot) -> bool:
    """Whether prices are needed before a request is sent, and not only for the books."""
    return any(route.strategy == "cheapest" for route in snapshot.routes.values()) or any(
        limits.budget_usd is not None
        for user in snapshot.users.values()
        for limits in (user.limits, user.key.limits)
    )


def output_bound(exchange: Exchange) -> int:
    """The most output tokens that the caller lets the model write, as far as it is said."""
    said = exchange.envelope.max_tokens
    return UNSAID_OUTPUT if said is None else max(said, 0)
