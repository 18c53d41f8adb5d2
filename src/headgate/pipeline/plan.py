"""Which targets an exchange may be sent to, best first."""

import math
from collections.abc import Mapping

from headgate.model.fault import Fault, Refused
from headgate.pipeline.charge import expected_cost
from headgate.pipeline.endpoints import serving
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER
from headgate.routing.resolve import Offer, resolve
from headgate.routing.strategy import PriceOf, awake, order
from headgate.routing.target import Route, Target

Lists = Mapping[str, frozenset[str] | None]


async def targets_for(turn: Turn) -> tuple[Target, ...]:
    """The targets to try, best first. Raises Refused where there is none."""
    gateway, exchange = turn.gateway, turn.exchange
    if not gateway.lists.complete and exchange.model not in exchange.snapshot.routes:
        reachable = [b for b in _lists(turn) if exchange.user.may_use_backend(b)]
        await turn.watch.until(gateway.lists.ready(reachable), NEVER)
    route = exchange.route = serving(exchange, _route(turn))
    targets = route.targets if len(route.targets) == 1 else _ranked(turn, route)
    for choose in gateway.phases.choose:
        targets = choose(exchange, targets)
    if not targets:
        raise Refused(_resting(turn, route))
    return _home_first(exchange, targets)


def _ranked(turn: Turn, route: Route) -> tuple[Target, ...]:
    """Those of several targets whose backends do not rest."""
    gateway, now = turn.gateway, turn.watch.now()
    hash_key, price_of = _hash_key(turn.exchange, route), _price_of(turn)
    ranked = order(route, gateway.health, now, gateway.draw, hash_key, price_of)
    return awake(ranked, gateway.health, now)


def _resting(turn: Turn, route: Route) -> Fault:
    wakes = min(turn.gateway.health.rests_until(target.key) for target in route.targets)
    message = "Every backend of this model is resting. Try again later."
    return Fault(kind="overloaded", message=message, retry_after_s=wakes - turn.watch.now())


def _home_first(exchange: Exchange, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Before others the one that keeps what was said before."""
    if exchange.recalled is None:
        return targets
    return tuple(sorted(targets, key=lambda target: not exchange.asks_by_id(target.backend)))


def _route(turn: Turn) -> Route:
    """What the exchange's model resolves to, which is worked out once for as long as users,
    backends and their lists stay. Raises Refused."""
    gateway, snapshot = turn.gateway, turn.exchange.snapshot
    user, name = turn.exchange.user, turn.exchange.model
    route = gateway.routes.look_up(snapshot, gateway.lists.known, user, name)
    if route is None:
        route = resolve(name, Offer(snapshot.routes, snapshot.rewrites, _lists(turn)), user)
        gateway.routes.keep(user, name, route)
    return route


def _lists(turn: Turn) -> Lists:
    """What the backends list, but for those that came after the exchange began."""
    known, backends = turn.gateway.lists.known, turn.exchange.snapshot.backends
    return {name: models for name, models in known.items() if name in backends}


def _price_of(turn: Turn) -> PriceOf:
    """What this exchange may cost at a target; one whose price nobody knows goes last."""

    def price_of(target: Target) -> float:
        cost = expected_cost(turn.exchange, target, turn.gateway.prices)
        return math.inf if cost is None else cost

    return price_of


def _hash_key(exchange: Exchange, route: Route) -> str:
    kind, _, name = route.hash_on.partition(":")
    match kind:
        case "user":
            return exchange.user.id
        case "key":
            return exchange.headers.get("authorization") or exchange.headers.get("x-api-key", "")
        case "header":
            return exchange.headers.get(name.strip().lower(), "")
        case _:
            return exchange.session or ""
