from hypothesis import given
from hypothesis import strategies as st

from headgate.model.price import OWN, Cost, Price, cost_at, input_parts
from headgate.model.usage import Usage

counts = st.one_of(st.none(), st.integers(-5, 10**7))


def test_a_million_tokens_cost_their_price() -> None:
    price = Price(input=2.0, output=8.0)
    assert cost_at(price, Usage(1_000_000, 1_000_000)) == Cost(10.0, OWN)
    assert cost_at(price, Usage(500_000, 250_000)) == Cost(3.0, OWN)


def test_cached_input_has_its_own_price() -> None:
    price = Price(input=2.0, output=0.0, cached=0.5, cache_write=3.0)
    usage = Usage(1_000_000, 0, cached_tokens=400_000, cache_write_tokens=200_000)
    assert cost_at(price, usage).usd == 0.4 * 2.0 + 0.4 * 0.5 + 0.2 * 3.0


def test_cached_input_without_a_price_costs_as_any_other() -> None:
    price = Price(input=2.0, output=0.0)
    usage = Usage(1_000_000, 0, cached_tokens=400_000, cache_write_tokens=200_000)
    assert cost_at(price, usage).usd == 2.0


def test_what_nobody_counted_costs_nothing() -> None:
    assert cost_at(Price(input=1.0, output=1.0), Usage()).usd == 0.0


@given(counts, counts, counts)
def test_parts_never_exceed_the_whole(
    whole: int | None, cached: int | None, written: int | None
) -> None:
    parts = input_parts(Usage(whole, cached_tokens=cached, cache_write_tokens=written))
    assert min(parts) >= 0
    assert parts[1] + parts[2] <= parts[0]
