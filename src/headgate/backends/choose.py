"""Which of a backend's dialects to speak for a caller's."""

from collections.abc import Mapping, Sequence

from headgate.config.section import DialectName

_CLOSEST: Mapping[str, tuple[DialectName, ...]] = {
    "chat": ("responses", "messages", "converse", "gemini"),
    "messages": ("responses", "converse", "gemini", "chat"),
    "responses": ("messages", "converse", "gemini", "chat"),
}
"""For each caller's dialect the others, those that carry more of it first: reasoning with its
state survives in all but chat, which callers of chat do not send in the first place."""


def dialect_for(caller: str, speaks: Sequence[DialectName]) -> DialectName:
    """The caller's own dialect where the backend speaks it, so that nothing is translated; else
    the one that loses least. `speaks` is not empty; its order decides where nothing else does."""
    own = next((dialect for dialect in speaks if dialect == caller), None)
    if own is not None:
        return own
    closest = _CLOSEST.get(caller, ())
    return next((dialect for dialect in closest if dialect in speaks), speaks[0])
