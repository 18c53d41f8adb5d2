"""Lists of models in a form that the SDKs of OpenAI and Anthropic both read."""

from collections.abc import Sequence
from typing import Any

MODELS_PATH = "/v1/models"
"""Where the list is; a model is below it."""


def model_entry(name: str) -> dict[str, Any]:
    """One model."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "headgate",
        "type": "model",
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
    }


def model_list(names: Sequence[str]) -> dict[str, Any]:
    """All of them, on one page."""
    return {
        "object": "list",
        "data": [model_entry(name) for name in names],
        "has_more": False,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }
