"""Calls to an identity provider: its description, its keys, and a code for a token.

Whatever it does, the answer is a sentence: it has ten seconds and a bounded answer, is not
followed elsewhere, and is left alone for a moment after it failed.
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from headgate.admin.oidc_json import read_object
from headgate.admin.oidc_keys import PublicKey, read_keys
from headgate.config import OidcSettings
from headgate.upstream.answer import AnswerBroken, Call, TargetUnreachable, Upstream
from headgate.upstream.inflate import inflated

TIMEOUT_S = 10.0
MOST_BYTES = 512 * 1024
KEPT_S = 3600.0
"""How long its description and its keys are kept."""
FRESH_S = 10.0
"""How old its keys must be to be asked for again for a key that is not among them."""
REST_S = 5.0
"""How long it is left alone after it failed."""

T = TypeVar("T")


class ProviderFailed(Exception):  # noqa: N818 - named for the fact
    """Why the provider could not be used, as a sentence."""


class CodeRefused(Exception):  # noqa: N818 - named for the fact
    """The provider does not take the code: it is old, used, or another's."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed of a provider's discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is asked for with."""

    code: str
    verifier: str
    redirect_uri: str


class Provider:
    """One identity provider; another one where the settings change."""

    def __init__(self, http: Upstream, clock: Callable[[], float]) -> None:
        self._http = http
        self._descriptions: Kept[Description] = Kept(clock)
        self._keys: Kept[tuple[PublicKey, ...]] = Kept(clock)

    async def describe(self, settings: OidcSettings) -> Description:
        """Its endpoints. Raises ProviderFailed."""
        return await self._descriptions.get(
            settings.issuer, lambda: self._describe(settings), KEPT_S
        )

    async def keys(
        self, settings: OidcSettings, at_most_s: float = KEPT_S
    ) -> tuple[PublicKey, ...]:
        """Its keys, read at most so long ago. Raises ProviderFailed."""
        address = (await self.describe(settings)).jwks_uri
        return await self._keys.get(address, lambda: self._read_keys(address), at_most_s)

    async def redeem(self, settings: OidcSettings, exchange: Exchange) -> str:
        """The ID token for a code. Raises ProviderFailed and CodeRefused."""
        description = await self.describe(settings)
        form = {
            "grant_type": "authorization_code",
            "code": exchange.code,
            "redirect_uri": exchange.redirect_uri,
            "code_verifier": exchange.verifier,
        }
        headers, more = _credentials(settings, description)
        status, body = await self._ask(
            Call(
                method="POST",
                url=description.token_endpoint,
                headers=(*headers, ("content-type", "application/x-www-form-urlencoded")),
                body=urlencode({**form, **more}).encode(),
            )
        )
        if status in (400, 401, 403):
            raise _refusal(status, body)
        token = _object(status, body, "a token").get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("The identity provider gave no ID token.")
        return token

    async def _describe(self, settings: OidcSettings) -> Description:
        address = f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = _object(*await self._ask(Call(method="GET", url=address, headers=())), address)
        try:
            description = msgspec.convert(found, Description)
        except msgspec.ValidationError as error:
            raise ProviderFailed(
                f"The identity provider's description is not usable: {error}."
            ) from error
        if description.issuer != settings.issuer:
            said = description.issuer[:200]
            raise ProviderFailed(
                f"The identity provider calls itself {said!r} and not {settings.issuer!r}."
            )
        secure = settings.issuer.startswith("https:")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_address(getattr(description, name), secure):
                raise ProviderFailed(f"The identity provider's {name} is no acceptable address.")
        return description

    async def _read_keys(self, address: str) -> tuple[PublicKey, ...]:
        found = _object(*await self._ask(Call(method="GET", url=address, headers=())), "its keys")
        try:
            return read_keys(found)
        except ValueError as error:
            raise ProviderFailed(
                f"The identity provider's keys are not usable: {error}."
            ) from error

    async def _ask(self, call: Call) -> tuple[int, bytes]:
        headers = (("accept", "application/json"), ("accept-encoding", "identity"), *call.headers)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._answer(msgspec.structs.replace(call, headers=headers))
        except TimeoutError as error:
            raise ProviderFailed(
                f"The identity provider did not answer within {TIMEOUT_S:g} seconds."
            ) from error
        except (TargetUnreachable, AnswerBroken) as error:
            raise ProviderFailed(f"The identity provider cannot be reached: {error}.") from error

    async def _answer(self, call: Call) -> tuple[int, bytes]:
        answer = await self._http.send(call)
        try:
            plain, body = inflated(answer), b""
            while data := await plain.read():
                body += data
                if len(body) > MOST_BYTES:
                    raise ProviderFailed(
                        f"The identity provider answered more than {MOST_BYTES} bytes."
                    )
            return answer.status, body
        finally:
            answer.close()


class Kept(Generic[T]):
    """One answer and what it was asked for. One asks at a time; the others wait for it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._key: str | None = None
        self._at = 0.0
        self._found: T | ProviderFailed | None = None

    async def get(self, key: str, fetch: Callable[[], Awaitable[T]], at_most_s: float) -> T:
        """The answer for `key`, at most so old. Raises what `fetch` raises, and for a moment
        again without asking."""
        async with self._lock:
            age_s = self._clock() - self._at
            failed = isinstance(self._found, ProviderFailed)
            if self._key != key or age_s >= (REST_S if failed else at_most_s):
                try:
                    self._found = await fetch()
                except ProviderFailed as failure:
                    self._found = failure
                self._key, self._at = key, self._clock()
            found = self._found
        if isinstance(found, ProviderFailed):
            raise ProviderFailed(str(found))
        assert found is not None, "it was fetched"
        return found


def _credentials(
    settings: OidcSettings, description: Description
) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Headers and fields that say who asks (RFC 6749, 2.3.1)."""
    if settings.client_secret is None:
        return (), {"client_id": settings.client_id}
    ways = description.token_endpoint_auth_methods_supported
    if "client_secret_basic" in ways:
        pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
        value = base64.b64encode(pair.encode()).decode()
        return (("authorization", f"Basic {value}"),), {}
    if "client_secret_post" in ways:
        return (), {"client_id": settings.client_id, "client_secret": settings.client_secret}
    raise ProviderFailed(
        "The identity provider takes neither client_secret_basic nor client_secret_post."
    )


def _refusal(status: int, body: bytes) -> Exception:
    try:
        code = read_object(body).get("error")
    except ValueError:
        code = None
    if code == "invalid_grant":
        return CodeRefused()
    named = isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", code)
    return ProviderFailed(
        f"The identity provider refused the gateway: {code if named else status}."
    )


def _object(status: int, body: bytes, what: str) -> dict[str, Any]:
    if status != 200:
        raise ProviderFailed(f"The identity provider answered {status} when asked for {what}.")
    try:
        return read_object(body)
    except ValueError as error:
        raise ProviderFailed(
            f"The identity provider answered no JSON object when asked for {what}."
        ) from error


def _is_address(text: str, secure: bool) -> bool:
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return False
    known = parts.scheme == "https" or (parts.scheme == "http" and not secure)
    return bool(known and parts.hostname and not parts.fragment and parts.username is None)
