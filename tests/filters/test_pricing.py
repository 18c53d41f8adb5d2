import sys

import pytest
from typing_extensions import override

from headgate.filters.pricing import ListPrices, Pricing
from headgate.model.price import Cost, Price
from headgate.model.usage import Usage
from headgate.ports import Prices
from tests.pipeline.fakes import FakeAnswer, Scene, backend, refusal, reply
from tests.pipeline.samples import chunk

AT = 1_800_000_000.0


class NoPrices(Prices):
    """A list that knows no price."""

    def __init__(self) -> None:
        self.warmed: list[str] = []

    @override
    def warm(self, vendor: str) -> None:
        self.warmed.append(vendor)

    @override
    def cost(self, vendor: str, model: str, usage: Usage, at: float) -> Cost | None:
        return None


class Dollars(NoPrices):
    """A list where a token costs a dollar."""

    @override
    def cost(self, vendor: str, model: str, usage: Usage, at: float) -> Cost | None:
        return Cost(float(usage.total_tokens), f"{vendor} {model}")


async def test_an_attempt_costs_what_the_list_says() -> None:
    scene = Scene(reply(), filters=[Pricing(Dollars())])
    await scene.run()
    assert scene.exchange.attempts[0].cost == Cost(7.0, "openai one-model")


async def test_an_operators_own_price_comes_first() -> None:
    prices = Dollars()
    own = backend("one", prices=(("one-*", Price(input=1e6, output=2e6)),))
    scene = Scene(reply(), backends=(own,), filters=[Pricing(prices)])
    await scene.run()
    assert scene.exchange.attempts[0].cost == Cost(9.0, "own")
    assert prices.warmed == []


async def test_the_list_is_made_ready_before_the_attempt_leaves() -> None:
    prices = Dollars()
    await Scene(reply(), filters=[Pricing(prices)]).run()
    assert prices.warmed == ["openai"]


async def test_a_refused_attempt_costs_nothing() -> None:
    scene = Scene(refusal(400), filters=[Pricing(Dollars())])
    await scene.run()
    assert scene.exchange.attempts[0].cost is None


async def test_a_broken_stream_costs_what_came_of_it() -> None:
    broken = FakeAnswer(chunk("Hel"), chunk("lo"), then="break")
    scene = Scene(broken, filters=[Pricing(Dollars())], stream=True)
    await scene.run()
    cost = scene.exchange.attempts[0].cost
    assert cost is not None
    assert cost.usd >= scene.exchange.input_estimate


@pytest.mark.parametrize(
    ("vendor", "model", "usd"),
    [
        ("openai", "gpt-4o-mini-2024-07-18", 0.75),
        ("anthropic", "claude-3-haiku-20240307", 1.5),
        ("google", "gemini-2.0-flash", 0.5),
        ("groq", "llama-3.1-8b-instant", 0.13),
    ],
)
def test_the_list_knows_what_vendors_charge(vendor: str, model: str, usd: float) -> None:
    cost = ListPrices().cost(vendor, model, Usage(1_000_000, 1_000_000), AT)
    assert cost is not None
    assert cost.usd == pytest.approx(usd)
    assert cost.version.startswith("genai-prices ")


def test_cached_input_is_cheaper() -> None:
    usage = Usage(1000, 0, cached_tokens=1000)
    cached = ListPrices().cost("openai", "gpt-4o-mini", usage, AT)
    plain = ListPrices().cost("openai", "gpt-4o-mini", Usage(1000, 0), AT)
    assert cached is not None
    assert plain is not None
    assert cached.usd == pytest.approx(plain.usd / 2)


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(0, 0),
        Usage(1, -1),
        Usage(10, 10, cached_tokens=99, cache_write_tokens=99, cache_write_1h_tokens=999),
        Usage(10**12, 10**12, cached_tokens=-4),
    ],
)
def test_figures_that_contradict_each_other_are_priced_all_the_same(usage: Usage) -> None:
    for vendor, model in (("openai", "gpt-4o"), ("anthropic", "claude-haiku-4-5")):
        cost = ListPrices().cost(vendor, model, usage, AT)
        assert cost is not None
        assert cost.usd >= 0.0


@pytest.mark.parametrize(
    ("vendor", "model"),
    [("my-own-openai", "gpt-4o"), ("vllm", "qwen"), ("openai", "\x00"), ("", "")],
)
def test_what_nobody_lists_has_no_price(vendor: str, model: str) -> None:
    prices = ListPrices()
    prices.warm(vendor)
    assert prices.cost(vendor, model, Usage(1, 1), AT) is None


def test_the_list_is_loaded_once_and_aside() -> None:
    prices = ListPrices()
    prices.warm("vllm")
    assert prices._loading is None
    prices.warm("openai")
    thread = prices._loading
    prices.warm("anthropic")
    assert thread is not None
    assert prices._loading is thread
    thread.join()
    assert "genai_prices.data" in sys.modules
