"""A diary: an agent that writes down what it is told and reads it back.

Serve it on its own::

    uvicorn --app-dir docs/examples diary_agent:app --port 8900

or as a backend of the gateway, with ``docs/examples`` on PYTHONPATH::

    backends:
      diary: {agent: "diary_agent:make"}
"""

import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from headgate.agents import Media, create_app

Callback = Callable[..., Awaitable[None]]


class Diary:
    """Keeps one list of entries a session, in memory."""

    def __init__(self) -> None:
        self._entries: dict[str, list[str]] = defaultdict(list)

    async def process_direct(
        self,
        *,
        content: str,
        media: list[Media],
        session_key: str,
        on_stream: Callback,
        on_stream_end: Callback,
        **kwargs: Any,
    ) -> str:
        """Writes `content` down; ``read`` reads all of it back, an entry at a time."""
        entries = self._entries[session_key]
        if content.strip().lower() != "read":
            pictures = f" ({len(media)} attached)" if media else ""
            entries.append(content + pictures)
            return f"Entry {len(entries)} is written."
        await on_stream("Let me look.\n")
        await on_stream_end()  # here a tool would run; the answer goes on
        for number, entry in enumerate(entries, 1):
            await on_stream(f"{number}. {entry}\n")
        return "\n".join(entries)


def make() -> Diary:
    """The factory that a configuration names."""
    return Diary()


app = create_app(make(), model_name="diary", api_key=os.environ.get("DIARY_KEY"))
