"""A backend's own list of models: how to ask for it, and the names in the answer."""

from typing import Any

from headgate.backends.backend import Backend, Headers
from headgate.wire.json_text import decode

MOST_MODELS = 20_000

_PATHS = {"gemini": "/v1beta/models?pageSize=1000", "messages": "/v1/models?limit=1000"}
_HEADERS: dict[str, Headers] = {"messages": (("anthropic-version", "2023-06-01"),)}


def list_path(backend: Backend) -> str:
    """The path of the list, in the dialect that the backend likes best."""
    return _PATHS.get(backend.speaks[0], "/v1/models")


def list_headers(backend: Backend) -> Headers:
    """The headers that the list needs beside the credential."""
    return _HEADERS.get(backend.speaks[0], ())


def read_models(body: bytes) -> tuple[str, ...]:
    """The names in the answer of any dialect, each once, in its order.

    OpenAI and Anthropic say ``{"data": [{"id"}]}``, Gemini ``{"models": [{"name": "models/…"}]}``,
    Ollama ``{"models": [{"name"}]}``, Together a bare list. Raises ValueError for anything else.
    """
    rows = _rows(decode(body))
    names = (_name(row) for row in rows[:MOST_MODELS])
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _rows(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = value.get("data", value.get("models"))
    if not isinstance(value, list):
        raise ValueError("it is no list of models")
    return value


def _name(row: Any) -> str | None:
    if not isinstance(row, dict):
        return None
    name = row.get("id") or row.get("name")
    if not isinstance(name, str) or not name or not name.isprintable():
        return None
    methods = row.get("supportedGenerationMethods")
    if isinstance(methods, list) and "generateContent" not in methods:
        return None
    return name.removeprefix("models/")
