"""What one worker serves: the application, and whom to tell what befalls the process."""

from collections.abc import Callable

import msgspec

from headgate.server.door import Door, no_door
from headgate.server.interface import App


def _nothing() -> None:
    return None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """An application and its callbacks, which are synchronous and run in the event loop.

    ``door`` gives the way in past ASGI, if there is one; it is asked for each connection.
    ``on_drain``: no new connection is taken from now on, be not ready any more.
    ``on_drain_deadline``: requests still running must say their last word now.
    ``on_reload``: read the configuration again (SIGHUP).
    """

    app: App
    door: Callable[[], Door | None] = no_door
    on_drain: Callable[[], None] = _nothing
    on_drain_deadline: Callable[[], None] = _nothing
    on_reload: Callable[[], None] = _nothing


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How a process ends; seconds.

    Running requests get ``drain_s`` to finish, and ``last_word_s`` more after the deadline; a
    second signal leaves them ``hurry_s``.
    """

    drain_s: float = 600.0
    last_word_s: float = 5.0
    hurry_s: float = 5.0


class CannotServe(Exception):  # noqa: N818 - named for the fact
    """Serving could not begin; the message is one sentence for the operator."""
