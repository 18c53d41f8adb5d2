"""At most four prompt-cache breakpoints in one request, as the vendor allows."""

from collections.abc import Iterator
from typing import Any

MOST = 4


def limit(body: dict[str, Any]) -> None:
    """Takes marks out of `body` until `MOST` are left: those in messages first, from the oldest
    on, since tools and system are the longest-lived prefix."""
    messages = [block for message in body["messages"] for block in _blocks(message["content"])]
    prefix = [*_blocks(body.get("tools", [])), *_blocks(body.get("system", []))]
    top = 1 if "cache_control" in body else 0
    excess = len(prefix) + len(messages) + top - MOST
    for block in [*messages, *reversed(prefix)][: max(0, excess)]:
        del block["cache_control"]


def _blocks(content: Any) -> Iterator[dict[str, Any]]:
    """The marked blocks in `content` and in the tool results there. What a caller put into a block
    that only this dialect has is written unread, so that it may be of any form."""
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        yield from _blocks(block.get("content"))
        if "cache_control" in block:
            yield block
