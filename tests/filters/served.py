"""Exchanges of a known user, carried out with filters in place."""

from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from headgate.model.caller import User
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from tests.pipeline.fakes import Plan, Scene


class Known(Filter):
    """Stands in for a key: whoever asks is this user."""

    def __init__(self, user: User) -> None:
        self._user = user

    @override
    async def admit(self, exchange: Exchange) -> None:
        exchange.user = self._user


def scene_of(user: User, *plans: Plan, filters: Iterable[Filter] = (), **more: Any) -> Scene:
    """A scene in which the user asks."""
    return Scene(*plans, filters=(Known(user), *filters), **more)


def user(**fields: Any) -> User:
    """A user who may use everything."""
    return User(id="alice", name="alice", backends=None, **fields)
