"""The order in which a route's targets are tried."""

import hashlib
import math
from collections.abc import Callable, Iterable
from itertools import groupby

from headgate.routing.health import Health
from headgate.routing.target import Route, Target

Draw = Callable[[], float]
"""A number in [0, 1) at each call."""

PriceOf = Callable[[Target], float]
"""What a target costs, in any unit that compares."""


def unpriced(target: Target) -> float:
    """Every target costs the same."""
    return 0.0


def order(
    route: Route,
    health: Health,
    now: float,
    draw: Draw,
    hash_key: str = "",
    price_of: PriceOf = unpriced,
) -> tuple[Target, ...]:
    """All targets of `route`, best first: by priority, then by the route's strategy; those that
    fail again and again go last. Without a `hash_key` the strategy ``hash`` is ``weighted``."""
    if len(route.targets) == 1:
        return route.targets
    ranked = [
        target
        for _, tier in groupby(
            sorted(route.targets, key=lambda target: target.priority),
            key=lambda target: target.priority,
        )
        for target in _rank(route, list(tier), health, hash_key, draw)
    ]
    if route.strategy == "cheapest":
        ranked.sort(key=lambda target: (target.priority, price_of(target)))
    ranked.sort(key=lambda target: health.is_suspected(target.key, now))
    return tuple(ranked)


def awake(targets: Iterable[Target], health: Health, now: float) -> tuple[Target, ...]:
    """Those of `targets` whose backend did not ask to be left alone until later than `now`."""
    return tuple(target for target in targets if health.rests_until(target.key) <= now)


def _rank(
    route: Route, tier: list[Target], health: Health, hash_key: str, draw: Draw
) -> list[Target]:
    match route.strategy:
        case "hash" if hash_key:
            return sorted(tier, key=lambda target: _rendezvous(target, hash_key), reverse=True)
        case "least_busy":
            return sorted(tier, key=lambda target: _load(target, health))
        case "fastest":
            return sorted(tier, key=lambda target: health.of(target.key).first_event_s)
        case "round_robin":
            return _take_turns(tier, health.turns(route.name))
        case _:
            return sorted(tier, key=lambda target: _lot(target, draw()), reverse=True)


def _lot(target: Target, chance: float) -> float:
    """Sorting by this draws targets without replacement, each by its weight (Efraimidis and
    Spirakis, 2006)."""
    if target.weight <= 0:
        return -math.inf
    return math.log(chance or 1e-300) / target.weight


def _rendezvous(target: Target, key: str) -> float:
    """Highest random weight: when a target goes, only its own keys move."""
    digest = hashlib.blake2b(f"{key}\0{target.key}".encode(), digest_size=8).digest()
    return _lot(target, (int.from_bytes(digest) + 1) / (2**64 + 1))


def _load(target: Target, health: Health) -> float:
    return health.of(target.key).in_flight / max(target.weight, 1e-9)


def _take_turns(tier: list[Target], credit: dict[str, float]) -> list[Target]:
    """Smooth weighted round robin (nginx's): everyone gains its weight, the winner pays all."""
    for target in tier:
        credit[target.key] = credit.get(target.key, 0.0) + target.weight
    ranked = sorted(tier, key=lambda target: credit[target.key], reverse=True)
    credit[ranked[0].key] -= sum(target.weight for target in tier)
    return ranked
