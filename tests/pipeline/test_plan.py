"""Which targets an exchange may be sent to."""

import asyncio

import pytest
from typing_extensions import override

from headgate.model.caller import User
from headgate.model.fault import Fault, Refused
from headgate.model.price import Price
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.plan import targets_for
from headgate.routing.target import Route, Target
from tests.pipeline.fakes import FakeAnswer, Scene, backend, reply, route

TWO = (backend("one"), backend("two"))
RESTING = Fault(kind="rate_limited", message="slowly", retry_after_s=30.0)


async def refused(scene: Scene) -> Fault:
    with pytest.raises(Refused) as caught:
        await targets_for(scene.turn())
    return caught.value.fault


async def backends_of(scene: Scene) -> list[str]:
    return [target.backend for target in await targets_for(scene.turn())]


async def test_a_declared_name_has_its_routes_targets() -> None:
    scene = Scene(backends=TWO)
    turn = scene.turn()
    assert await targets_for(turn) == scene.snapshot.routes["fast"].targets
    assert turn.exchange.route is not None
    assert turn.exchange.route.declared


async def test_a_listed_name_goes_where_it_is_listed() -> None:
    scene = Scene(backends=(backend("one"), backend("two", models=("other",))), model="other")
    turn = scene.turn()
    assert await targets_for(turn) == (Target("two", "other"),)
    assert turn.exchange.route is not None
    assert not turn.exchange.route.declared


async def test_a_name_that_nobody_serves_is_refused() -> None:
    assert (await refused(Scene(model="nobody's"))).kind == "model_not_found"


async def test_a_caller_without_a_backend_is_refused() -> None:
    scene = Scene()
    scene.exchange.user = User(id="1", name="a")
    assert (await refused(scene)).kind == "permission_denied"


async def test_the_cheapest_goes_first_and_what_has_no_price_last() -> None:
    dear = backend("two", prices=(("*", Price(input=2.0, output=2.0)),))
    cheap = backend("three", prices=(("*", Price(input=1.0, output=1.0)),))
    names = ("one", "two", "three")
    cheapest = Route(
        name="fast", targets=tuple(Target(name, "m") for name in names), strategy="cheapest"
    )
    scene = Scene(backends=(backend("one"), dear, cheap), routes=(cheapest,))
    assert await backends_of(scene) == ["three", "two", "one"]


async def test_targets_that_the_caller_may_not_use_fall_away() -> None:
    scene = Scene(backends=TWO)
    scene.exchange.user = User(id="1", name="a", backends=frozenset({"two"}))
    assert await backends_of(scene) == ["two"]


async def test_a_model_list_that_is_not_there_yet_is_waited_for() -> None:
    answer = reply(b'{"data":[{"id":"new"}]}')
    answer.go.clear()
    scene = Scene(answer, backends=[backend(models="*")], model="new")
    waiting = asyncio.ensure_future(backends_of(scene))
    await scene.upstream.asked.wait()
    assert not waiting.done()
    answer.go.set()
    assert await waiting == ["one"]


async def test_a_declared_name_waits_for_no_list() -> None:
    listing = FakeAnswer(then="wait")
    scene = Scene(listing, backends=[backend(models="*")])
    assert await backends_of(scene) == ["one"]
    await scene.gateway.lists.aclose()


async def test_lists_of_backends_that_the_caller_may_not_use_are_not_waited_for() -> None:
    listing = FakeAnswer(then="wait")
    scene = Scene(listing, backends=[backend("one", models="*"), backend("two")], model="m")
    scene.exchange.user = User(id="1", name="a", backends=frozenset({"two"}))
    assert await backends_of(scene) == ["two"]
    await scene.gateway.lists.aclose()


async def test_a_backend_that_came_after_the_exchange_began_is_not_asked() -> None:
    scene = Scene(model="m")
    later = {**scene.snapshot.backends, "later": backend("later")}
    scene.gateway.lists.use(later)
    assert await backends_of(scene) == ["one"]


async def test_a_resting_target_is_left_alone() -> None:
    scene = Scene(backends=TWO)
    now = asyncio.get_running_loop().time()
    scene.gateway.health.of("one/one-model").failed(RESTING, now)
    assert await backends_of(scene) == ["two"]


async def test_where_every_target_rests_the_soonest_says_when() -> None:
    scene = Scene(backends=TWO)
    now = asyncio.get_running_loop().time()
    scene.gateway.health.of("one/one-model").failed(RESTING, now)
    scene.gateway.health.of("two/two-model").failed(RESTING, now - 10)
    fault = await refused(scene)
    assert fault.kind == "overloaded"
    assert fault.retry_after_s is not None
    assert 15 < fault.retry_after_s <= 20


async def test_the_only_target_is_asked_although_it_rests() -> None:
    scene = Scene()
    now = asyncio.get_running_loop().time()
    scene.gateway.health.of("one/one-model").failed(RESTING, now)
    assert await backends_of(scene) == ["one"]


class Turned(Filter):
    """Turns the order round, or takes every target away."""

    def __init__(self, keep: int) -> None:
        self._keep = keep

    @override
    def choose(self, exchange: Exchange, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        return targets[::-1][: self._keep]


async def test_a_filter_may_choose() -> None:
    assert await backends_of(Scene(backends=TWO, filters=[Turned(2)])) == ["two", "one"]


async def test_a_filter_that_leaves_nothing_is_overload() -> None:
    assert (await refused(Scene(backends=TWO, filters=[Turned(0)]))).http_status == 503


def hashed(hash_on: str) -> Route:
    targets = tuple(Target("one", f"m{number}") for number in range(8))
    return Route(name="fast", targets=targets, strategy="hash", hash_on=hash_on)


async def first_target(
    hash_on: str, headers: dict[str, str], user: str = "u", cache_key: str = ""
) -> str:
    scene = Scene(routes=[hashed(hash_on)], headers=headers, prompt_cache_key=cache_key)
    scene.exchange.user = User(id=user, name=user, backends=None)
    return (await targets_for(scene.turn()))[0].model


@pytest.mark.parametrize(
    ("hash_on", "headers"),
    [
        ("session", "x-session-id"),
        ("key", "authorization"),
        ("key", "x-api-key"),
        ("header:X-Team", "x-team"),
    ],
)
async def test_equal_keys_go_the_same_way_and_others_spread(hash_on: str, headers: str) -> None:
    firsts = [await first_target(hash_on, {headers: str(n)}) for n in range(20)]
    assert firsts == [await first_target(hash_on, {headers: str(n)}) for n in range(20)]
    assert len(set(firsts)) > 2


async def test_the_user_may_be_the_key() -> None:
    firsts = {await first_target("user", {}, user=str(n)) for n in range(20)}
    assert len(firsts) > 2


async def test_the_body_may_name_the_session() -> None:
    firsts = {await first_target("session", {}, cache_key=str(n)) for n in range(20)}
    assert len(firsts) > 2


async def test_a_route_is_ranked_by_priority() -> None:
    assert await backends_of(Scene(backends=TWO, routes=[route("two", "one")])) == ["two", "one"]
