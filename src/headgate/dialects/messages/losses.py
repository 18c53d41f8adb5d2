"""Names of what a request could not carry, in the spelling of the caller's dialect."""

from collections.abc import Iterable, Mapping

from headgate.dialects.messages.own import NAME

_NAMES: Mapping[str, Mapping[str, str]] = {
    "chat": {
        "reasoning": "reasoning_effort",
        "safety_id": "safety_identifier",
        "web_search": "web_search_options",
        "parameters": "function.parameters",
    },
    "responses": {
        "messages": "input",
        "response_format": "text.format",
        "verbosity": "text.verbosity",
        "safety_id": "safety_identifier",
    },
    NAME: {
        "stop": "stop_sequences",
        "reasoning": "thinking",
        "effort": "output_config.effort",
        "response_format": "output_config.format",
        "safety_id": "metadata.user_id",
    },
}
"""The caller's name for a field of the hub, where they differ."""

SILENT = frozenset(
    {
        "stream_options",
        "prompt_cache_retention",
        "prompt_cache_options",
        "prompt_cache_breakpoint",
        "client_metadata",
        "obfuscation",
    }
)
"""Foreign fields whose loss nobody misses: caching hints and notes to the vendor."""


class Losses:
    """Collects names, each once, in the order of the first mention."""

    def __init__(self, dialect: str) -> None:
        self._names = _NAMES.get(dialect, {})
        self._found: dict[str, None] = {}

    def name(self, field: str, *inner: str) -> str:
        """The caller's name of a hub field, dotted where it is nested."""
        known = self._names.get(field)
        if known is None and field == "effort":
            known = self._names.get("reasoning", "reasoning")
        return ".".join((known or field, *inner))

    def add(self, field: str, *inner: str) -> None:
        """Notes that `field` could not be carried."""
        self._found[self.name(field, *inner)] = None

    def add_extras(self, keys: Iterable[str], *outer: str) -> None:
        """Notes fields beyond the hub's words, as the caller spelled them."""
        for key in keys:
            if key not in SILENT:
                self._found[
                    ".".join((self.name(outer[0]), *outer[1:], key) if outer else (key,))
                ] = None

    def found(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._found)
