"""The gateway of these tests: models for each backend dialect, over one scripted upstream."""

from typing import Any

from tests.clients.answers import BACKENDS
from tests.faults.serving import backend, model, over

KEY = "key-of-everybody"
KEY_WITHOUT_BACKENDS = "key-of-nobody-at-all"
HASTE = "100ms"
"""How long the ``hasty-…`` models wait for the next event."""


def config(url: str) -> dict[str, Any]:
    """Models ``chat``, ``messages``, ``responses``, ``gemini``, and the same with ``hasty-`` before
    them, which give up soon."""
    made = over(url)
    haste = {"first_event": HASTE, "idle": HASTE}
    for name in BACKENDS:
        made["backends"][f"hasty-{name}"] = backend(url, name, timeouts=haste)
        made["models"][f"hasty-{name}"] = model(f"hasty-{name}")
    made["users"] = [
        {"name": "everybody", "api_key": KEY, "backends": "*"},
        {"name": "nobody", "api_key": KEY_WITHOUT_BACKENDS},
    ]
    return made
