"""How an exchange ended: the contract's section 6, one word a row."""

from typing import Literal

Outcome = Literal[
    "complete",
    "empty",
    "truncated",
    "upstream_error",
    "timeout",
    "client_closed",
    "blocked",
    "drained",
    "killed",
    "refused",
]
"""``refused`` is ours: the gateway said no (a 4xx of its own) before any backend was asked."""
