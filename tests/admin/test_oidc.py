from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import msgspec
import pytest
from fastapi import FastAPI

from headgate.admin.auth import COOKIE as SESSION
from headgate.admin.auth import LONGEST_S as SESSION_S
from headgate.admin.oidc_passage import COOKIE, LONGEST_S
from headgate.admin.throttle import MOST_FAILURES
from headgate.config import AdminSettings, OidcSettings
from headgate.model.directory import AdministratorRow
from headgate.upstream.answer import TargetUnreachable
from tests.admin.conftest import AT, World
from tests.admin.fake_provider import (
    CLIENT,
    EC_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    Scripted,
    answered,
    rsa_jwk,
)

START = "/admin/auth/oidc/start"
BACK = "/admin/auth/oidc/callback"
SETTINGS = OidcSettings(
    issuer=ISSUER,
    client_id=CLIENT,
    client_secret="of-the-client-0123456789",
    role_claim="email",
    roles={"alice@example.org": "admin"},
)


@pytest.fixture
async def browser(app: FastAPI, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser, and a gateway that knows an identity provider."""
    world.admin = AdminSettings(oidc=SETTINGS)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="https://gateway") as client:
        yield client


async def begun(browser: httpx2.AsyncClient, world: World) -> dict[str, str]:
    """What the browser brings back once it has signed in."""
    sent = await browser.get(START)
    assert sent.status_code == 303, sent.text
    return world.http.sent_to(sent.headers["location"])


async def walked(browser: httpx2.AsyncClient, world: World, **changes: Any) -> httpx2.Response:
    """The answer to the whole walk."""
    return await browser.get(BACK, params={**await begun(browser, world), **changes})


async def test_the_browser_is_sent_to_the_provider_with_all_that_must_come_back(
    browser: httpx2.AsyncClient, world: World
) -> None:
    sent = await browser.get(START)
    address = urlsplit(sent.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{ISSUER}/authorize"
    asked = dict(parse_qsl(address.query))
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked.pop(name)) == 43
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"https://gateway{BACK}",
        "scope": "openid email profile",
        "code_challenge_method": "S256",
    }
    name, _, rest = sent.headers["set-cookie"].partition("=")
    assert (name, rest.split("; ")[1:]) == (
        COOKIE,
        ["HttpOnly", "SameSite=Lax", "Path=/admin/auth/oidc", f"Max-Age={LONGEST_S}", "Secure"],
    )
    assert sent.headers["cache-control"] == "no-store"


async def test_an_address_with_a_query_keeps_it(browser: httpx2.AsyncClient, world: World) -> None:
    world.http.more = {"authorization_endpoint": f"{ISSUER}/authorize?tenant=1"}
    location = (await browser.get(START)).headers["location"]
    assert location.startswith(f"{ISSUER}/authorize?tenant=1&response_type=code&")


async def test_who_comes_back_has_a_session_and_lands_on_the_console(
    browser: httpx2.AsyncClient, world: World
) -> None:
    back = await walked(browser, world)
    assert (back.status_code, back.headers["location"]) == (303, "/admin"), back.text
    session, passage = back.headers.get_list("set-cookie")
    assert session.startswith(f"{SESSION}=")
    assert session.split("; ")[1:] == [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/",
        f"Max-Age={int(SESSION_S)}",
        "Secure",
    ]
    assert passage.startswith(f"{COOKIE}=;")
    assert "Max-Age=0" in passage
    shown = (await browser.get("/admin/auth/session")).json()
    assert (shown["actor"], shown["role"]) == ("oidc:alice@example.org", "admin")
    csrf = {"x-csrf-token": shown["csrf_token"]}
    assert (await browser.post("/admin/users", json={"name": "a"})).status_code == 403
    made = await browser.post("/admin/users", json={"name": "a"}, headers=csrf)
    assert made.status_code == 201
    assert {row.actor for row in world.rows.audit} == {"oidc:alice@example.org"}
    assert (await browser.post("/admin/auth/logout", headers=csrf)).status_code == 204
    assert (await browser.get("/admin/auth/session")).status_code == 401


@pytest.mark.parametrize("more", [{"next": "https://evil.example.org"}, {"redirect_uri": "//evil"}])
async def test_where_one_lands_is_never_up_to_the_query(
    browser: httpx2.AsyncClient, world: World, more: dict[str, str]
) -> None:
    sent = await browser.get(START, params=more)
    assert "evil" not in sent.headers["location"]
    back = await walked(browser, world, **more)
    assert back.headers["location"] == "/admin"


async def test_the_sessions_role_is_what_the_configuration_says_now(
    browser: httpx2.AsyncClient, world: World
) -> None:
    await walked(browser, world)
    demoted = msgspec.structs.replace(SETTINGS, roles={"alice@example.org": "viewer"})
    world.admin = AdminSettings(oidc=demoted)
    assert (await browser.get("/admin/auth/session")).json()["role"] == "viewer"
    world.admin = AdminSettings()
    assert (await browser.get("/admin/auth/session")).status_code == 401


async def test_an_administrator_of_that_name_who_was_deactivated_stays_out(
    browser: httpx2.AsyncClient, world: World
) -> None:
    await walked(browser, world)
    world.rows.administrators["a"] = AdministratorRow(
        id="a", name="alice@example.org", role="admin", password_hash="", is_active=False
    )
    assert (await browser.get("/admin/auth/session")).status_code == 401
    assert (await walked(browser, world)).status_code == 403


async def test_a_login_ends_the_session_that_was_there(
    browser: httpx2.AsyncClient, world: World
) -> None:
    await walked(browser, world)
    before = browser.cookies[SESSION]
    await walked(browser, world)
    assert browser.cookies[SESSION] != before
    assert len(world.rows.sessions) == 1


async def test_behind_a_proxy_the_public_address_counts(app: FastAPI, world: World) -> None:
    world.admin = AdminSettings(oidc=SETTINGS, public_url="https://llm.example.org/")
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://10.0.0.5:8080") as client:
        sent = await client.get(START, headers={"x-forwarded-host": "evil.example.org"})
        asked = dict(parse_qsl(urlsplit(sent.headers["location"]).query))
        assert asked["redirect_uri"] == f"https://llm.example.org{BACK}"
        cookie = sent.headers["set-cookie"]
        assert cookie.endswith("; Secure")
        coming = {"cookie": cookie.partition(";")[0]}
        params = world.http.sent_to(sent.headers["location"])
        back = await client.get(BACK, params=params, headers=coming)
        assert back.headers.get_list("set-cookie")[0].endswith("; Secure")


async def test_without_a_public_address_a_host_that_is_none_is_refused(
    browser: httpx2.AsyncClient,
) -> None:
    for host in ("evil.example.org/x?", "a b", "a@b", ""):
        assert (await browser.get(START, headers={"host": host})).status_code == 400


async def test_without_a_provider_there_is_nothing_here(stranger: httpx2.AsyncClient) -> None:
    for path in (START, BACK):
        answered = await stranger.get(path)
        assert (answered.status_code, list(answered.json())) == (404, ["error"])
    assert (await stranger.get("/admin/auth/methods")).json()["oidc"] is False


async def test_the_console_is_told_that_there_is_one(browser: httpx2.AsyncClient) -> None:
    shown = (await browser.get("/admin/auth/methods")).json()
    assert shown == {"token": True, "password": True, "oidc": True}


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"state": "other"}, 400, "state: is of another login"),
        ({"state": None}, 400, "state: is of another login"),
        ({"code": None}, 400, "code: missing"),
        ({"code": "unknown"}, 400, "the provider does not take the code"),
        ({"iss": "https://evil.example.org"}, 400, "iss: is another provider"),
        ({"error": "access_denied"}, 403, "refused the login: access_denied"),
        ({"error": "<script>alert(1)</script>"}, 403, "no reason that can be repeated"),
        ({"code": "x" * 5000}, 400, "code"),
    ],
)
async def test_what_comes_back_must_be_what_was_sent(
    browser: httpx2.AsyncClient, world: World, changes: dict[str, Any], status: int, said: str
) -> None:
    params = {**await begun(browser, world), **changes}
    sent = {name: value for name, value in params.items() if value is not None}
    refused = await browser.get(BACK, params=sent)
    assert refused.status_code == status
    assert refused.json()["error"].startswith(said) or said in refused.json()["error"]
    assert not world.rows.sessions
    assert "set-cookie" not in refused.headers


async def test_an_issuer_that_is_the_right_one_may_be_said(
    browser: httpx2.AsyncClient, world: World
) -> None:
    assert (await walked(browser, world, iss=ISSUER)).status_code == 303


async def test_another_browser_cannot_finish_a_login(
    browser: httpx2.AsyncClient, stranger: httpx2.AsyncClient, world: World
) -> None:
    params = await begun(browser, world)
    for cookie in ("", f"{COOKIE}=1.2.3", f"{COOKIE}={'x' * 200}", f"{COOKIE}=\x00"):
        refused = await stranger.get(BACK, params=params, headers={"cookie": cookie})
        assert refused.status_code == 400
        assert "no login was begun in this browser" in refused.json()["error"]
    assert [call.method for call in world.http.calls] == ["GET"]


async def test_a_code_of_another_login_is_worth_nothing_here(
    browser: httpx2.AsyncClient, world: World
) -> None:
    theirs = await begun(browser, world)
    ours = await begun(browser, world)
    refused = await browser.get(BACK, params={**ours, "code": theirs["code"]})
    assert refused.status_code == 400
    assert not world.rows.sessions


async def test_a_nonce_of_another_login_is_worth_nothing_here(
    browser: httpx2.AsyncClient, world: World
) -> None:
    world.http.claims["nonce"] = "of another"
    refused = await walked(browser, world)
    assert (refused.status_code, world.rows.sessions) == (400, {})


async def test_a_code_is_worth_one_session(browser: httpx2.AsyncClient, world: World) -> None:
    params = await begun(browser, world)
    kept = browser.cookies[COOKIE]
    assert (await browser.get(BACK, params=params)).status_code == 303
    again = await browser.get(BACK, params=params)
    assert again.status_code == 400
    replayed = await browser.get(BACK, params=params, headers={"cookie": f"{COOKIE}={kept}"})
    assert replayed.status_code == 400


async def test_a_login_that_takes_too_long_begins_again(
    browser: httpx2.AsyncClient, world: World
) -> None:
    params = await begun(browser, world)
    world.now += LONGEST_S + 1
    refused = await browser.get(BACK, params=params)
    assert refused.status_code == 400
    assert START in refused.json()["error"]


async def test_whoever_comes_back_twice_or_has_no_role_waits_for_nothing(
    browser: httpx2.AsyncClient, world: World
) -> None:
    world.http.claims["email"] = "mallory@example.org"
    for _ in range(MOST_FAILURES + 1):
        assert (await browser.get(BACK, params={"code": "c", "state": "s"})).status_code == 400
        assert (await walked(browser, world)).status_code == 403
    world.http.claims["email"] = "alice@example.org"
    assert (await walked(browser, world)).status_code == 303


async def test_who_guesses_waits(browser: httpx2.AsyncClient, world: World) -> None:
    statuses = [
        (await walked(browser, world, code="guessed")).status_code for _ in range(MOST_FAILURES + 1)
    ]
    assert statuses == [400] * MOST_FAILURES + [429]


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "mallory@example.org"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
    ],
)
async def test_whoever_has_no_role_stays_out(
    browser: httpx2.AsyncClient, world: World, claims: dict[str, Any]
) -> None:
    world.http.claims |= claims
    refused = await walked(browser, world)
    assert refused.status_code == 403
    assert "may not administer" in refused.json()["error"]
    assert not world.rows.sessions


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://evil.example.org"}, "its issuer is another"),
        ({"aud": "other"}, "its audience is another"),
        ({"exp": AT - 61}, "it has expired"),
        ({"iat": AT + 61}, "it is from the future"),
        ({"sub": None}, "its subject is missing"),
    ],
)
async def test_a_token_that_is_not_acceptable_is_the_providers_fault(
    browser: httpx2.AsyncClient, world: World, claims: dict[str, Any], said: str
) -> None:
    world.http.claims |= claims
    refused = await walked(browser, world)
    assert refused.status_code == 502
    assert refused.json()["error"] == f"The identity provider's token is not acceptable: {said}."


async def test_a_token_signed_by_somebody_else_is_refused(
    browser: httpx2.AsyncClient, world: World
) -> None:
    world.http.signing = OTHER_RSA_KEY
    refused = await walked(browser, world)
    assert refused.status_code == 502
    assert "its signature is wrong" in refused.json()["error"]


async def test_a_provider_that_changes_its_keys_goes_on(
    browser: httpx2.AsyncClient, world: World
) -> None:
    assert (await walked(browser, world)).status_code == 303
    world.http.keys = [rsa_jwk(OTHER_RSA_KEY, "k2")]
    world.http.header, world.http.signing = {"alg": "RS256", "kid": "k2"}, OTHER_RSA_KEY
    assert (await walked(browser, world)).status_code == 502
    world.now += 60
    world.http.now = world.now
    assert (await walked(browser, world)).status_code == 303
    world.http.header, world.http.signing = {"alg": "RS256", "kid": "k1"}, None
    world.now += 60
    world.http.now = world.now
    assert (await walked(browser, world)).status_code == 502


async def test_elliptic_curves_sign_too(browser: httpx2.AsyncClient, world: World) -> None:
    world.http.header, world.http.signing = {"alg": "ES256", "kid": "e1"}, EC_KEY
    assert (await walked(browser, world)).status_code == 303


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
async def test_a_provider_that_fails_is_a_502_in_one_sentence(
    browser: httpx2.AsyncClient, world: World, path: str
) -> None:
    for broken in (
        answered({}, 500),
        Scripted(200, b"<html>"),
        TargetUnreachable("the connection was refused"),
    ):
        world.now += 10_000
        world.http.now = world.now
        world.http.answers = {path: broken}
        refused = await browser.get(START)
        if refused.status_code == 303:
            params = world.http.sent_to(refused.headers["location"])
            refused = await browser.get(BACK, params=params)
        assert refused.status_code == 502
        assert refused.json()["error"].startswith("The identity provider")
        assert not world.rows.sessions


async def test_without_a_database_a_login_is_a_503(
    browser: httpx2.AsyncClient, world: World
) -> None:
    params = await begun(browser, world)
    world.directory.break_down()
    assert (await browser.get(BACK, params=params)).status_code == 503
