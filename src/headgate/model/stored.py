"""What is kept so that a caller may ask for it again or go on from it: responses, conversations."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

Status = Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
STATUSES: tuple[Status, ...] = get_args(Status)
CANCELLING: Literal["cancelling"] = "cancelling"
"""Noted for whoever makes the response, and never told: it is to be stopped."""

RUNNING: frozenset[str] = frozenset(("queued", "in_progress", CANCELLING))
"""How a response stands that is still being made."""


class StoredResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One response and what was asked for it. Times are Unix seconds.

    ``key`` is ours and unique; ``id`` is what the caller was told, unique to ``owner`` only where
    backends give no id twice: the newest counts. ``previous`` is the key of the response that it
    goes on from, ``root`` that of the first of the chain. ``input`` is a JSON list of the
    request's own items, ``response`` the JSON object as the caller got it. ``backend`` is the
    one that keeps the response under the same id, if there is one. ``worker`` makes it in the
    background and was alive at ``alive_at``.
    """

    key: str
    owner: str
    id: str
    created_at: float
    used_at: float
    status: Status | Literal["cancelling"]
    root: str
    input: str
    response: str
    background: bool = False
    previous: str | None = None
    backend: str | None = None
    session: str | None = None
    worker: str | None = None
    alive_at: float | None = None

    @property
    def size(self) -> int:
        """Roughly, in bytes."""
        return len(self.input) + len(self.response)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A response on its way into the store. ``events`` is the stream that told it, as it was sent;
    ``item_ids`` are those by which its items may be referred to; ``conversation`` is the one that
    it belongs to, whose new items are ``said``, with their ids."""

    stored: StoredResponse
    events: bytes = b""
    item_ids: tuple[str, ...] = ()
    conversation: str | None = None
    said: tuple[tuple[str, str], ...] = ()


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation of one owner. ``metadata`` is the caller's own."""

    owner: str
    id: str
    created_at: float
    used_at: float
    metadata: Mapping[str, Any] = {}
