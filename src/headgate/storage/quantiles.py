"""Quantiles of values of which only the buckets are known."""

from collections.abc import Sequence

from headgate.model.analytics import Quantiles

PER_CENT = (50, 95, 99)

Counted = tuple[int, float]
"""How many values a bucket has, and their sum."""


def quantiles(buckets: Sequence[Counted]) -> Quantiles:
    """By nearest rank, the buckets given from the smallest to the largest: the mean of those in
    the bucket which the rank falls into."""
    whole = sum(n for n, _ in buckets)
    if whole <= 0:
        return Quantiles()
    return Quantiles(*(_value(buckets, -(-whole * per_cent // 100)) for per_cent in PER_CENT))


def _value(buckets: Sequence[Counted], rank: int) -> float:
    reached, mean = 0, 0.0
    for n, total in buckets:
        if n <= 0:
            continue
        reached += n
        mean = total / n
        if reached >= rank:
            break
    return round(mean, 3)
