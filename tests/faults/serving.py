"""Gateways of these tests: one model for each backend dialect, over one scripted upstream."""

import contextlib
from collections.abc import Iterator
from typing import Any

from headgate.testing import Gateway

BACKEND_KEY = "sk-of-the-backend"


def backend(url: str, speaks: str, **more: Any) -> dict[str, Any]:
    return {
        "base_url": url,
        "speaks": [speaks],
        "models": ["mock", "mock-1", "mock-2", "mock-3"],
        "api_key": BACKEND_KEY,
        **more,
    }


def model(*backends: str, there: str = "mock", **more: Any) -> dict[str, Any]:
    """A model whose targets are tried in this order; `there` is its name at all of them, under
    which a gateway remembers how each has been doing."""
    targets = [
        {"backend": name, "model": there, "priority": place} for place, name in enumerate(backends)
    ]
    return {"targets": targets, "strategy": "priority", "retries": 0, **more}


def over(url: str, **backend_settings: Any) -> dict[str, Any]:
    """A configuration with the models ``chat``, ``messages``, ``responses``, ``gemini``, each at
    a backend that speaks this dialect alone, and without any further attempt."""
    names = ("chat", "messages", "responses", "gemini")
    return {
        "server": {"heartbeat": 0},
        "backends": {name: backend(url, name, **backend_settings) for name in names},
        "models": {name: model(name) for name in names},
    }


def add_hasty(config: dict[str, Any], url: str, **timeouts: str) -> None:
    """Adds the models ``hasty-chat`` and so on, whose backends are given little time: apart, so
    that on a busy machine nothing else is late."""
    for name in ("chat", "messages", "responses", "gemini"):
        config["backends"][f"hasty-{name}"] = backend(url, name, timeouts=timeouts)
        config["models"][f"hasty-{name}"] = model(f"hasty-{name}")


@contextlib.contextmanager
def serving(config: dict[str, Any], **environment: str) -> Iterator[Gateway]:
    """A gateway; whatever happened to it, it never showed a traceback."""
    with Gateway(config, env=environment) as gateway:
        yield gateway
        log = gateway.log
    assert "Traceback" not in log, log
