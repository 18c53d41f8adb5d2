"""A request as it was before what was said earlier came in front of it."""

import msgspec


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """As it was ``sent``, and as one takes it who keeps the history itself (``short``).

    ``backend`` is one that does, by the id that the request says; ``session`` is the conversation
    that the request goes on with; ``stream``: the caller wants one.
    """

    sent: bytes
    short: bytes
    backend: str | None = None
    session: str | None = None
    stream: bool = False
