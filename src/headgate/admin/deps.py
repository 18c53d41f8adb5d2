"""What the admin API asks of the rest of the program."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from headgate.admin.control import Control
from headgate.admin.oidc import SignIn
from headgate.admin.recordings import NOTHING_KEPT, Playing
from headgate.model.analytics import Bucket, GroupKey, Latency, Quality, Totals
from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery
from headgate.policies.rehearsal import Rehearsal, Trial


class RequestLog(Protocol):
    """Reads the exchanges that were closed. Raises StoreUnreachable."""

    async def find(self, query: RequestQuery) -> RequestPage:
        """A page of them, newest first."""
        ...

    async def get(self, exchange_id: str) -> RequestDetail | None:
        """One with its attempts; None where there is no such."""
        ...


class Analytics(Protocol):
    """The request log in numbers. Raises StoreUnreachable."""

    async def totals(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Totals, ...]:
        """Sums by the given keys, the latest day and the most requests first."""
        ...

    async def latency(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Latency, ...]:
        """Quantiles of waiting by the given keys, the most requests first."""
        ...

    async def quality(self, query: RequestQuery) -> tuple[Quality, ...]:
        """How each backend's attempts ended, the busiest backend first."""
        ...

    async def lengths(self, query: RequestQuery) -> tuple[Bucket, ...]:
        """How long the answers were, in tokens."""
        ...

    async def active_users(self, query: RequestQuery) -> int:
        """How many users asked anything."""
        ...


class Deps(msgspec.Struct, frozen=True, kw_only=True):
    """Handed in by the composition root. ``admin_digest``: SHA-256 of the administrator's token;
    ``try_out`` tries a policy chain on a sample, and raises ChainRefused."""

    request_log: RequestLog
    analytics: Analytics
    control: Control
    admin_digest: bytes
    try_out: Callable[[Trial], Awaitable[Rehearsal]]
    sign_in: SignIn
    recordings: Playing = NOTHING_KEPT
