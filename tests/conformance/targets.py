"""One target a backend dialect, as the catalog and the table of models have it."""

from collections.abc import Mapping
from typing import Any

from headgate.backends.abilities import abilities_of
from headgate.backends.catalog import provider_of
from headgate.dialects.destination import Destination

_MODELS: Mapping[str, tuple[str, str]] = {
    "chat": ("https://api.openai.com", "gpt-5.2"),
    "messages": ("https://api.anthropic.com", "claude-opus-4-6"),
    "responses": ("https://api.openai.com", "gpt-5.2"),
    "gemini": ("https://generativelanguage.googleapis.com", "gemini-3-pro-preview"),
    "converse": (
        "https://bedrock-runtime.us-east-1.amazonaws.com",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ),
}


def target(dialect: str, **changes: Any) -> Destination:
    """The usual target that speaks `dialect`."""
    url, model = _MODELS[dialect]
    provider = provider_of(None, url)
    given = {
        "model": model,
        "vendor": provider.vendor,
        "quirks": provider.quirks,
        "abilities": abilities_of(model),
    }
    return Destination(**{**given, **changes})
