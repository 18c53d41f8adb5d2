"""Remembers what names resolve to for as long as users, backends and their lists stay the same."""

from collections.abc import Mapping

from headgate.model.caller import User
from headgate.pipeline.snapshot import Snapshot
from headgate.routing.target import Route

MOST = 4096
"""Names that are remembered at the most: callers may ask for anything."""

Lists = Mapping[str, frozenset[str] | None]


class RouteMemory:
    """Routes by who asks and for what. Of one snapshot and its lists: with the next it is empty."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._lists: Lists | None = None
        self._routes: dict[tuple[User, str], Route] = {}

    def look_up(self, snapshot: Snapshot, lists: Lists, user: User, name: str) -> Route | None:
        """What `name` is for `user`; None where nobody asked yet under this snapshot."""
        if snapshot is not self._snapshot or lists is not self._lists:
            self._snapshot, self._lists = snapshot, lists
            self._routes.clear()
        return self._routes.get((user, name))

    def keep(self, user: User, name: str, route: Route) -> None:
        """Remembers the answer to the question that was just looked up in vain."""
        if len(self._routes) >= MOST:
            self._routes.clear()
        self._routes[user, name] = route
