"""A request as an agent gets it: its newest turn alone, in a session that is its caller's own."""

import re
from urllib.parse import quote

import msgspec

from headgate.dialects.responses import history
from headgate.model.ids import fit
from headgate.model.request import Request
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.sessions import session_of
from headgate.wire import json_text

DEFAULT = "default"
_FITTING = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}\Z")
_INSTRUCTING = frozenset(("system", "developer"))


def in_session(exchange: Exchange, body: bytes) -> bytes:
    """The body with the session that the agent shall know it by."""
    return json_text.replace_field(body, "session_id", agent_session(exchange))


def agent_session(exchange: Exchange) -> str:
    """What the caller names, or the thread that it goes on with, else the default; where there are
    users, each has sessions of its own."""
    said = session_of(exchange.headers, exchange.envelope, exchange.thread, hints=False) or DEFAULT
    if not exchange.snapshot.open:
        said = f"{quote(exchange.user.id, safe='')}:{said}"
    return fit(said, _FITTING, prefix="session-")


def newest(exchange: Exchange, body: bytes) -> bytes:
    """The body without what was said before, which the agent remembers."""
    return history.alone(exchange.recalled.short) if exchange.recalled else body


def newest_turn(exchange: Exchange, request: Request) -> Request:
    """The request without what was said before, as `newest`."""
    if exchange.recalled is None or not request.messages:
        return request
    instructions = [m for m in request.messages[:-1] if m.role in _INSTRUCTING]
    return msgspec.structs.replace(request, messages=(*instructions, request.messages[-1]))
