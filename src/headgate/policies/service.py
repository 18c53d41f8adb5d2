"""A service of the operator's: JSON is posted to it, signed where a secret is shared, behind a
breaker."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.policies.breaker import Breaker
from headgate.policies.environment import Environment, HttpCall
from headgate.policies.hook_flow import Misbehaved
from headgate.wire.json_text import encode, object_or_none

SIGNATURE_HEADER = "x-headgate-signature"
MOST_ANSWER_BYTES = 8 * 1024 * 1024


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service is and how it knows us."""

    url: str
    secret: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Service:
    """One service, shared by every exchange of a chain, so that all of them know when it rests.
    Every call has `deadline_s`."""

    def __init__(
        self, environment: Environment, address: Address, breaker: Breaker, deadline_s: float
    ) -> None:
        self._environment = environment
        self._address = address
        self._breaker = breaker
        self._deadline_s = deadline_s

    async def ask(self, question: Mapping[str, Any]) -> bytes:
        """The body of a 2xx answer. Raises Misbehaved for any other, and while it rests."""
        clock = self._environment.clock
        if not self._breaker.lets(clock()):
            raise Misbehaved("the service keeps failing and is left alone for a while")
        counts = True
        try:
            body = await self._post(encode(question))
            self._breaker.succeeded()
            counts = False
            return body
        except asyncio.CancelledError:
            counts = False  # the exchange is over, which says nothing of the service
            raise
        finally:
            if counts:
                self._breaker.failed(clock())

    async def _post(self, body: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._environment.post(self._call(body))
        except TimeoutError as error:
            raise Misbehaved(f"the service did not answer within {self._deadline_s:g} s") from error
        if not 200 <= answer.status < 300:
            raise Misbehaved(f"the service answered {answer.status}")
        if len(answer.body) > MOST_ANSWER_BYTES:
            raise Misbehaved("the service's answer is too long")
        return answer.body

    async def ask_object(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON object that the service answers. Raises Misbehaved."""
        found = object_or_none(await self.ask(question))
        if found is None:
            raise Misbehaved("the service's answer is no JSON object")
        return found

    def _call(self, body: bytes) -> HttpCall:
        headers = [("content-type", "application/json"), *self._address.headers]
        if self._address.secret:
            at = int(self._environment.wall())
            headers.append((SIGNATURE_HEADER, sign(self._address.secret, at, body)))
        return HttpCall(self._address.url, tuple(headers), body)


def sign(secret: str, at: int, body: bytes) -> str:
    """The signature header's value: HMAC-SHA256 over the time and the body, joined by a dot, so
    that neither can be changed and an old call cannot be played again."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
