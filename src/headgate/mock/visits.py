"""What arrived and whether its caller stayed: the memory behind ``GET /__requests``."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from headgate.wire import json_text


@dataclass(slots=True)
class Visit:
    """One request. ``at`` is Unix time in seconds, ``arrived_s`` the same moment on the monotonic
    clock. ``finished``: everything that the script asked for was sent."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    at: float
    arrived_s: float
    finished: bool = False
    caller_left_after_ms: float | None = None

    def leave(self, now_s: float) -> None:
        """Notes that the caller left before the answer was whole."""
        self.caller_left_after_ms = round((now_s - self.arrived_s) * 1000, 1)

    def as_json(self) -> dict[str, Any]:
        """The visit as ``GET /__requests`` shows it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "body": _readable(self.body),
            "at": self.at,
            "caller_left": self.caller_left_after_ms is not None,
            "caller_left_after_ms": self.caller_left_after_ms,
            "finished": self.finished,
        }


class Visits:
    """The last `keep` visits, oldest first."""

    def __init__(self, keep: int) -> None:
        self._visits: deque[Visit] = deque(maxlen=keep)

    def add(self, visit: Visit) -> None:
        """Notes a visit; the oldest goes where there are too many."""
        self._visits.append(visit)

    def clear(self) -> None:
        """Forgets all."""
        self._visits.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All that are kept."""
        return [visit.as_json() for visit in list(self._visits)]


def join_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; what came several times is joined with a comma, as HTTP allows."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _readable(body: bytes) -> Any:
    try:
        return json_text.decode(body)
    except ValueError:
        return body.decode("utf-8", "replace")
