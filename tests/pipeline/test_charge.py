import msgspec
import pytest

from headgate.model.caller import User
from headgate.model.limits import Limits
from headgate.model.price import Cost, Price
from headgate.model.usage import Usage
from headgate.pipeline.charge import (
    EXPECTED_OUTPUT,
    UNSAID_OUTPUT,
    cost_of,
    decides,
    expected_cost,
    output_bound,
    own_price,
)
from headgate.routing.target import Target
from tests.pipeline.fakes import Scene, backend, route

MINI = Price(input=1.0, output=2.0)
ANY = Price(input=10.0, output=20.0)
PRICED = backend("one", prices=(("gpt-*-mini", MINI), ("*", ANY)))


class Listed:
    """A list in which everything costs one dollar."""

    def warm(self, vendor: str) -> None:
        """It is always ready."""

    def cost(self, vendor: str, model: str, usage: Usage, at: float) -> Cost | None:
        return Cost(1.0, f"{vendor}/{model}@{at:g}")


@pytest.mark.parametrize(
    ("model", "price"), [("gpt-5-mini", MINI), ("gpt-5", ANY), ("GPT-5-MINI", ANY)]
)
def test_of_the_globs_that_fit_the_first_counts(model: str, price: Price) -> None:
    assert own_price(PRICED, model) is price


def test_own_prices_go_before_the_list() -> None:
    assert cost_of(PRICED, "gpt-5", Usage(1_000_000, 0), 7.0, Listed()) == Cost(10.0, "own")
    assert cost_of(backend(), "m", Usage(1, 1), 7.0, Listed()) == Cost(1.0, "openai/m@7")
    assert cost_of(backend(), "m", Usage(1, 1), 7.0, None) is None


async def test_a_request_is_expected_to_use_its_input_and_some_output() -> None:
    exchange = Scene(backends=(PRICED,), max_tokens=100_000).turn().exchange
    expected = (exchange.input_estimate * 10 + EXPECTED_OUTPUT * 20) / 1_000_000
    assert expected_cost(exchange, Target("one", "gpt-5"), None) == pytest.approx(expected)


async def test_a_small_bound_is_believed() -> None:
    exchange = Scene(backends=(PRICED,), max_tokens=3).turn().exchange
    expected = (exchange.input_estimate * 10 + 3 * 20) / 1_000_000
    assert expected_cost(exchange, Target("one", "gpt-5"), None) == pytest.approx(expected)


async def test_without_a_price_nothing_is_expected() -> None:
    exchange = Scene().turn().exchange
    assert expected_cost(exchange, Target("one", "m"), None) is None


async def test_the_bound_is_the_callers_where_there_is_one() -> None:
    assert output_bound(Scene(max_tokens=5).turn().exchange) == 5
    assert output_bound(Scene().turn().exchange) == UNSAID_OUTPUT


async def test_prices_decide_where_a_budget_or_the_cheapest_does() -> None:
    snapshot = Scene().snapshot
    assert not decides(snapshot)
    cheapest = {"fast": route("one", strategy="cheapest")}
    assert decides(msgspec.structs.replace(snapshot, routes=cheapest))
    limited = User(id="a", name="a", limits=Limits(budget_usd=1.0))
    assert decides(msgspec.structs.replace(snapshot, users={b"": limited}))
    limited = User(id="a", name="a", limits=Limits(concurrent=1))
    assert not decides(msgspec.structs.replace(snapshot, users={b"": limited}))
