"""What tokens cost: an operator's own price, and the cost of one attempt."""

import msgspec

from headgate.model.usage import Usage

_MILLION = 1_000_000
OWN = "own"
"""The version of prices that the operator wrote."""


class Price(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """US dollars for a million tokens; cached input and input written to a cache cost as other
    input where they have no price of their own."""

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None


class Cost(msgspec.Struct, frozen=True):
    """US dollars, and by which prices they were counted."""

    usd: float
    version: str


def cost_at(price: Price, usage: Usage) -> Cost:
    """What `usage` costs at an operator's own price; tokens that nobody counted cost nothing."""
    whole, cached, written = input_parts(usage)
    usd = (
        (whole - cached - written) * price.input
        + cached * (price.input if price.cached is None else price.cached)
        + written * (price.input if price.cache_write is None else price.cache_write)
        + (usage.output_tokens or 0) * price.output
    )
    return Cost(usd / _MILLION, OWN)


def input_parts(usage: Usage) -> tuple[int, int, int]:
    """All input tokens, and those of them that were read from a cache and written to one, made to
    fit where a backend's figures contradict each other."""
    whole = max(usage.input_tokens or 0, 0)
    cached = min(max(usage.cached_tokens or 0, 0), whole)
    written = min(max(usage.cache_write_tokens or 0, 0), whole - cached)
    return whole, cached, written
