"""Which conversation a request belongs to, from all that clients say about it."""

from collections.abc import Mapping

from headgate.dialects.dialect import Envelope

HEADERS = (
    "x-claude-code-session-id",
    "session_id",
    "session-id",
    "thread-id",
    "conversation_id",
)
"""What agent clients call their session: Claude Code's, then Codex's over its versions."""

MOST_CHARACTERS = 512


def session_of(
    headers: Mapping[str, str],
    envelope: Envelope,
    thread: str | None = None,
    *,
    hints: bool = True,
) -> str | None:
    """The session: the header ``x-session-id``, else ``session_id`` in the body, else an agent
    client's header, else (with `hints`) what the dialect has that comes nearest to one, else the
    `thread` of stored responses that the request belongs to. None where nothing is said."""
    found = headers.get("x-session-id") or envelope.session or _of_agent(headers)
    if not found and hints:
        found = envelope.session_hint
    found = found or thread
    return found[:MOST_CHARACTERS] if found else None


def _of_agent(headers: Mapping[str, str]) -> str | None:
    if headers.keys().isdisjoint(HEADERS):
        return None
    return next(filter(None, map(headers.get, HEADERS)), None)
