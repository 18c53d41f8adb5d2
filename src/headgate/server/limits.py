"""How much and how long a connection may: the bounds of the way in."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one connection; times in seconds.

    ``header_s``: from a request's first byte (or the connection's start) to the end of its head,
    however the bytes trickle. ``body_s``: without a byte of a body that is still due; its
    application is told then and has ``stall_grace_s`` to answer by itself. ``idle_s``: between
    two requests. ``write_s``: without the peer taking a byte. ``linger_s``: how long what a
    refused peer still sends is read and dropped, so that it gets to read the answer instead of a
    reset. ``pipelined``: requests that may wait for their turn.
    """

    head_bytes: int = 64 * 1024
    request_line_bytes: int = 8 * 1024
    header_lines: int = 100
    pipelined: int = 4
    header_s: float = 10.0
    body_s: float = 30.0
    stall_grace_s: float = 1.0
    idle_s: float = 75.0
    write_s: float = 60.0
    linger_s: float = 5.0
