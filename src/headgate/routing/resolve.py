"""From the model name that a caller says to the route that serves it."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from headgate.model.fault import Fault, Refused
from headgate.routing.target import Route, Target


class Rewrite(msgspec.Struct, frozen=True):
    """One name stands for another: always (``force``), or only where nobody serves it."""

    source: str
    target: str
    force: bool = False


class Rights(Protocol):
    """What a caller may use."""

    def may_ask(self, model: str) -> bool:
        """Whether the caller may say the model's name."""
        ...

    def may_use_backend(self, name: str) -> bool:
        """Whether the caller may reach the backend."""
        ...


class Offer(msgspec.Struct, frozen=True):
    """What can be had: routes by name, rewrites by source, and each active backend's models
    (None where its list is not known: such a backend is asked where no other lists the name)."""

    routes: Mapping[str, Route]
    rewrites: Mapping[str, Rewrite]
    lists: Mapping[str, frozenset[str] | None]


def resolve(name: str, offer: Offer, rights: Rights) -> Route:
    """The route for `name`, reduced to what the caller may use.

    Raises Refused: 403 where the caller reaches no backend at all, 404 where no backend that the
    caller reaches serves the model, or the name is not among the caller's.
    """
    reachable = {backend for backend in offer.lists if rights.may_use_backend(backend)}
    if not reachable:
        message = "This key may use no backend. An administrator must grant it one."
        raise Refused(Fault(kind="permission_denied", message=message))
    routed = rewritten(name, offer, reachable)
    route = _find(routed, offer, reachable) if rights.may_ask(name) else None
    if route is None:
        message = (
            f"The model '{name}' does not exist or this key may not use it. See GET /v1/models."
        )
        raise Refused(Fault(kind="model_not_found", message=message, param="model"))
    return route


def rewritten(name: str, offer: Offer, reachable: Iterable[str]) -> str:
    """The name after all rewrites: forced rules always, others while nobody serves the name."""
    seen = {name}
    while rule := offer.rewrites.get(name):
        if not rule.force and _find(name, offer, set(reachable), listed_only=True) is not None:
            return name
        if rule.target in seen:
            return name
        name = rule.target
        seen.add(name)
    return name


def offered(offer: Offer, rights: Rights) -> list[str]:
    """Every name that the caller may ask for and that resolves: what ``/v1/models`` lists."""
    reachable = {backend for backend in offer.lists if rights.may_use_backend(backend)}
    names = {name for backend in reachable for name in offer.lists[backend] or ()}
    names.update(offer.routes)
    names.update(offer.rewrites)
    return sorted(
        name
        for name in names
        if rights.may_ask(name)
        and _find(rewritten(name, offer, reachable), offer, reachable, listed_only=True)
    )


def _find(name: str, offer: Offer, reachable: set[str], listed_only: bool = False) -> Route | None:
    route = offer.routes.get(name)
    if route is not None:
        targets = tuple(target for target in route.targets if target.backend in reachable)
        return msgspec.structs.replace(route, targets=targets) if targets else None
    serving = [b for b, models in offer.lists.items() if b in reachable and name in (models or ())]
    if not serving and not listed_only:
        serving = [b for b, models in offer.lists.items() if b in reachable and models is None]
    if not serving:
        return None
    targets = tuple(Target(backend, name) for backend in serving)
    return Route(name=name, targets=targets, declared=False)
