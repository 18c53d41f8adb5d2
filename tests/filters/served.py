"""Exchanges of a user, carried out with filters in place."""

from collections.abc import Iterable
from typing import Any

import msgspec

from headgate.model.caller import User
from headgate.pipeline.filter import Filter
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Settings
from tests.pipeline.fakes import Plan, Scene

KEY = "hg-alice-0123456789"


def scene_of(
    user: User,
    *plans: Plan,
    filters: Iterable[Filter] = (),
    settings: Settings | None = None,
    **more: Any,
) -> Scene:
    """A scene whose gateway knows one user, who asks with its key."""
    headers = {"authorization": f"Bearer {KEY}"}
    scene = Scene(*plans, filters=filters, settings=settings, headers=headers, **more)
    users = {digest(KEY): user}
    scene.snapshot = msgspec.structs.replace(scene.snapshot, users=users, open=False)
    scene.exchange.snapshot = scene.snapshot
    return scene


def user(**fields: Any) -> User:
    """A user who may use everything."""
    return User(id="alice", name="alice", backends=None, **fields)
