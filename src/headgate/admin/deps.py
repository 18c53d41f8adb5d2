"""What the admin API asks of the rest of the program."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery


class RequestLog(Protocol):
    """Reads the exchanges that were closed. Raises StoreUnreachable."""

    async def find(self, query: RequestQuery) -> RequestPage:
        """A page of them, newest first."""
        ...

    async def get(self, exchange_id: str) -> RequestDetail | None:
        """One with its attempts; None where there is no such."""
        ...


class Deps(msgspec.Struct, frozen=True, kw_only=True):
    """Handed in by the composition root. ``verify_token`` says whether bytes are the admin's
    token, in a time that does not depend on them."""

    request_log: RequestLog
    verify_token: Callable[[bytes], bool]
