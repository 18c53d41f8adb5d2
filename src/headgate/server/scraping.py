"""``GET /metrics``: who may read it, and the answer."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from headgate.model.fault import Fault, Refused
from headgate.ports import Headers

_FORWARDED = frozenset(("forwarded", "x-forwarded-for", "x-real-ip"))
"""What a proxy says. Behind one on the same machine everybody seems to come from this machine."""


class Scraping(msgspec.Struct, frozen=True, kw_only=True):
    """``read`` gives the text, ``is_admin`` knows the tokens of administrators. ``loopback``: only
    this machine reaches the listener, and needs no token."""

    read: Callable[[], Awaitable[bytes]]
    content_type: str
    is_admin: Callable[[str], Awaitable[bool]]
    loopback: bool

    async def answer(self, headers: Mapping[str, str]) -> tuple[Headers, bytes]:
        """The answer to a request with these headers. Raises Refused."""
        await self._admit(headers)
        told = [(b"content-type", self.content_type.encode()), (b"cache-control", b"no-store")]
        return told, await self.read()

    async def _admit(self, headers: Mapping[str, str]) -> None:
        given = headers.get("authorization")
        if given is None and self.loopback and _FORWARDED.isdisjoint(headers):
            return
        scheme, _, token = (given or "").partition(" ")
        if scheme.lower() != "bearer" or not await self.is_admin(token.strip()):
            message = "The metrics want Authorization: Bearer with the admin token."
            wanted = (("www-authenticate", "Bearer"),)
            raise Refused(Fault(kind="invalid_api_key", message=message, headers=wanted))
