"""Sessions as clients name them inside other names."""

import re

import msgspec

_TAIL = re.compile(r"user_.*_session_([0-9A-Za-z-]{8,128})\Z")
"""How Claude Code writes ``metadata.user_id``, or wrote it: later versions write JSON."""


class _Named(msgspec.Struct):
    session_id: str | None = None


_decode = msgspec.json.Decoder(_Named).decode


def session_in(user: str) -> str:
    """The session in a ``metadata.user_id``, where agent clients put it; else all of it."""
    match = _TAIL.match(user)
    if match is not None:
        return match.group(1)
    if user.startswith("{"):
        try:
            return _decode(user).session_id or user
        except msgspec.MsgspecError:
            return user
    return user
