"""Names of what a request could not carry, in the spelling of the caller's dialect."""

from collections.abc import Iterable, Mapping

_SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "chat": {"reasoning": "reasoning_effort"},
    "messages": {"reasoning": "thinking", "stop": "stop_sequences"},
    "responses": {"messages": "input", "max_tokens": "max_output_tokens"},
}
"""The caller's word for a field of the hub, where they differ."""

_SILENT = frozenset({"stream_options", "client_metadata", "obfuscation"})
"""Fields whose loss nobody misses: they steer the transport, or are notes to the vendor."""


def spelled(names: Iterable[str], dialect: str) -> tuple[str, ...]:
    """`names`, dotted where nested, as a caller of `dialect` wrote them, each once."""
    spellings = _SPELLINGS.get(dialect, {})
    found: dict[str, None] = {}
    for name in names:
        head, dot, rest = name.partition(".")
        if head not in _SILENT:
            found[spellings.get(head, head) + dot + rest] = None
    return tuple(found)
