import asyncio
import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from typing_extensions import override

from headgate.admin import oidc_provider
from headgate.admin.oidc_provider import (
    KEPT_S,
    MOST_BYTES,
    REST_S,
    CodeRefused,
    Exchange,
    Provider,
    ProviderFailed,
)
from headgate.config import OidcSettings
from headgate.upstream.answer import Answer, AnswerBroken, Call, TargetUnreachable
from tests.admin.fake_provider import (
    CLIENT,
    ISSUER,
    FakeProvider,
    Scripted,
    answered,
    rsa_jwk,
)

DISCOVERY = "/.well-known/openid-configuration"
SETTINGS = OidcSettings(issuer=ISSUER, client_id=CLIENT, client_secret="s3cr&t of ours")
EXCHANGE = Exchange(code="c", verifier="v", redirect_uri="https://gateway/callback")


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def http() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(http: FakeProvider, clock: Clock) -> Provider:
    return Provider(http, clock)


def paths(http: FakeProvider) -> list[str]:
    return [call.url.removeprefix(ISSUER) for call in http.calls]


async def test_description_and_keys_are_read_once_until_they_are_old(
    provider: Provider, http: FakeProvider, clock: Clock
) -> None:
    assert (await provider.describe(SETTINGS)).token_endpoint == f"{ISSUER}/token"
    await asyncio.gather(*(provider.keys(SETTINGS) for _ in range(5)))
    assert paths(http) == [DISCOVERY, "/keys"]
    assert all(call.method == "GET" for call in http.calls)
    clock.now = KEPT_S
    await provider.keys(SETTINGS)
    assert paths(http)[2:] == [DISCOVERY, "/keys"]


async def test_keys_that_are_wanted_fresh_are_read_again_but_not_at_every_try(
    provider: Provider, http: FakeProvider, clock: Clock
) -> None:
    await provider.keys(SETTINGS)
    http.keys = [rsa_jwk(kid="k2")]
    clock.now = 5.0
    assert [key.id for key in await provider.keys(SETTINGS, 10.0)] == ["k1", "e1"]
    clock.now = 10.0
    assert [key.id for key in await provider.keys(SETTINGS, 10.0)] == ["k2"]


async def test_another_issuer_is_another_provider(provider: Provider, http: FakeProvider) -> None:
    await provider.describe(SETTINGS)
    http.more = {"issuer": "https://b.test"}
    other = msgspec.structs.replace(SETTINGS, issuer="https://b.test")
    assert (await provider.describe(other)).issuer == "https://b.test"
    assert http.calls[-1].url == f"https://b.test{DISCOVERY}"


@pytest.mark.parametrize(
    ("secret", "methods", "basic", "posted"),
    [
        ("s3cr&t of ours", None, "gateway:s3cr%26t+of+ours", {}),
        (
            "s3cr&t of ours",
            ["client_secret_post", "client_secret_basic"],
            "gateway:s3cr%26t+of+ours",
            {},
        ),
        (
            "s3cr&t of ours",
            ["client_secret_post"],
            None,
            {"client_id": [CLIENT], "client_secret": ["s3cr&t of ours"]},
        ),
        (None, None, None, {"client_id": [CLIENT]}),
    ],
)
async def test_the_gateway_shows_who_it_is_as_the_provider_wants_it(
    provider: Provider,
    http: FakeProvider,
    secret: str | None,
    methods: list[str] | None,
    basic: str | None,
    posted: dict[str, list[str]],
) -> None:
    if methods is not None:
        http.more = {"token_endpoint_auth_methods_supported": methods}
    http.answers["/token"] = answered({"id_token": "t"})
    settings = msgspec.structs.replace(SETTINGS, client_secret=secret)
    assert await provider.redeem(settings, EXCHANGE) == "t"
    call = http.calls[-1]
    headers = dict(call.headers)
    assert isinstance(call.body, bytes)
    assert parse_qs(call.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["c"],
        "redirect_uri": ["https://gateway/callback"],
        "code_verifier": ["v"],
        **posted,
    }
    shown = headers.get("authorization")
    assert shown == (basic and f"Basic {base64.b64encode(basic.encode()).decode()}")
    assert headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_provider_that_takes_no_secret_of_a_kind_that_we_have(
    provider: Provider, http: FakeProvider
) -> None:
    http.more = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    with pytest.raises(ProviderFailed, match="takes neither"):
        await provider.redeem(SETTINGS, EXCHANGE)


async def test_a_code_that_is_not_taken_is_told_from_a_gateway_that_is_not(
    provider: Provider, http: FakeProvider
) -> None:
    http.answers["/token"] = answered({"error": "invalid_grant"}, 400)
    with pytest.raises(CodeRefused):
        await provider.redeem(SETTINGS, EXCHANGE)
    for body, said in (
        ({"error": "invalid_client"}, "refused the gateway: invalid_client"),
        ({"error": "<script>"}, "refused the gateway: 401"),
        ({"error": ["x"]}, "refused the gateway: 401"),
        ([], "refused the gateway: 401"),
    ):
        http.answers["/token"] = answered(body, 401)
        with pytest.raises(ProviderFailed, match=said):
            await provider.redeem(SETTINGS, EXCHANGE)


BROKEN: dict[str, Callable[[], Scripted | Exception]] = {
    "answered no JSON object": lambda: Scripted(200, b"<html>Sign in</html>"),
    "answered 500": lambda: answered({}, 500),
    "answered 302": lambda: Scripted(302, b"", {"location": "https://evil.example.org"}),
    "answered 404": lambda: answered({}, 404),
    "no JSON object when": lambda: answered(["a"]),
    f"more than {MOST_BYTES} bytes": lambda: Scripted(200, b" " * (MOST_BYTES + 1)),
    "cannot be reached: its name does not resolve": lambda: TargetUnreachable(
        "its name does not resolve"
    ),
    "cannot be reached: the answer is encoded": lambda: Scripted(
        200, b"x", {"content-encoding": "br"}
    ),
    "cannot be reached: the connection was lost": lambda: AnswerBroken(
        "the connection was lost inside the answer"
    ),
}


async def _both(provider: Provider) -> None:
    await provider.keys(SETTINGS)
    await provider.redeem(SETTINGS, EXCHANGE)


@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token"])
@pytest.mark.parametrize("said", BROKEN)
async def test_whatever_goes_wrong_is_a_sentence(
    provider: Provider, http: FakeProvider, path: str, said: str
) -> None:
    broken = http.answers[path] = BROKEN[said]()
    with pytest.raises(ProviderFailed, match=said) as failure:
        await _both(provider)
    assert str(failure.value).startswith("The identity provider")
    assert str(failure.value).endswith(".")
    assert "s3cr&t" not in str(failure.value)
    assert isinstance(broken, Exception) or broken.closed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": f"{ISSUER}/"}, "calls itself"),
        ({"issuer": "https://evil.example.org"}, "calls itself"),
        ({"issuer": None}, "is not usable"),
        ({"token_endpoint": 5}, "is not usable"),
        ({"jwks_uri": None}, "is not usable"),
        ({"token_endpoint_auth_methods_supported": "basic"}, "is not usable"),
        ({"token_endpoint": "http://id.example.org/token"}, "token_endpoint is no acceptable"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri is no acceptable"),
        ({"jwks_uri": "//id.example.org/keys"}, "jwks_uri is no acceptable"),
        ({"jwks_uri": "https://"}, "jwks_uri is no acceptable"),
        ({"jwks_uri": "https://[::1"}, "jwks_uri is no acceptable"),
        ({"jwks_uri": "https://id.example.org:x/"}, "jwks_uri is no acceptable"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint is no"),
        ({"authorization_endpoint": f"{ISSUER}/a\r\nset-cookie: x"}, "authorization_endpoint is"),
        ({"authorization_endpoint": f"{ISSUER}/a#b"}, "authorization_endpoint is no"),
        ({"authorization_endpoint": "https://u:p@id.example.org/"}, "authorization_endpoint is"),
    ],
)
async def test_a_description_that_lies_or_leads_astray_is_refused(
    provider: Provider, http: FakeProvider, changes: dict[str, Any], said: str
) -> None:
    http.more = changes
    with pytest.raises(ProviderFailed, match=said):
        await provider.describe(SETTINGS)


async def test_keys_that_are_no_list_are_refused(provider: Provider, http: FakeProvider) -> None:
    http.answers["/keys"] = answered({"keys": "none"})
    with pytest.raises(ProviderFailed, match="keys are not usable"):
        await provider.keys(SETTINGS)


async def test_an_answer_without_a_token_is_refused(provider: Provider, http: FakeProvider) -> None:
    for body in ({}, {"id_token": None}, {"access_token": "a", "id_token": ["x"]}):
        http.answers["/token"] = answered(body)
        with pytest.raises(ProviderFailed, match="gave no ID token"):
            await provider.redeem(SETTINGS, EXCHANGE)


async def test_one_that_failed_is_left_alone_for_a_moment(
    provider: Provider, http: FakeProvider, clock: Clock
) -> None:
    http.answers[DISCOVERY] = answered({}, 503)
    for _ in range(3):
        with pytest.raises(ProviderFailed, match="503"):
            await provider.describe(SETTINGS)
    assert len(http.calls) == 1
    del http.answers[DISCOVERY]
    clock.now = REST_S
    assert (await provider.describe(SETTINGS)).issuer == ISSUER


class Stalled(FakeProvider):
    """Never answers."""

    @override
    async def send(self, call: Call) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


async def test_one_that_stalls_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc_provider, "TIMEOUT_S", 0.01)
    with pytest.raises(ProviderFailed, match=r"did not answer within 0\.01 seconds"):
        await Provider(Stalled(), Clock()).describe(SETTINGS)


async def test_on_this_machine_it_may_speak_plainly(http: FakeProvider) -> None:
    issuer = "http://127.0.0.1:9400"
    endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    http.more = {"issuer": issuer, **{name: f"{issuer}/{name}" for name in endpoints}}
    settings = msgspec.structs.replace(SETTINGS, issuer=issuer)
    assert (await Provider(http, Clock()).describe(settings)).issuer == issuer
