"""Signing in to a running gateway: through a real identity provider, and with a password."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from headgate.testing import Gateway
from tests.control.identity_provider import IdentityProvider, sign_in
from tests.faults.books import stored

SECRET = "the-clients-secret-0123456789"
ALICE = {"email": "alice@example.org", "email_verified": True, "groups": ["staff", "llm-admins"]}


def config(provider: IdentityProvider) -> dict[str, Any]:
    oidc = {
        "issuer": provider.url,
        "client_id": "headgate",
        "client_secret": SECRET,
        "roles": {"llm-admins": "admin", "staff": "viewer"},
        "allowed_domains": ["example.org"],
    }
    return {"admin": {"oidc": oidc}}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def gateway(provider: IdentityProvider) -> Iterator[Gateway]:
    with Gateway(config(provider)) as gateway:
        yield gateway
        log = gateway.log
    assert "Traceback" not in log, log
    assert SECRET not in log


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=15) as browser:
        yield browser


def follow(browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
    assert answer.next_request is not None
    return browser.send(answer.next_request)


def test_the_whole_way_from_the_provider_to_a_call_with_a_csrf_token(
    gateway: Gateway, provider: IdentityProvider, browser: httpx.Client
) -> None:
    provider.know("alice", **ALICE)
    back = follow(browser, sign_in(browser, gateway.url, {"sub": "alice"}))
    assert back.status_code == 303, back.text
    assert back.headers["location"] == "/admin"
    assert follow(browser, back).status_code == 200
    session = browser.get(f"{gateway.url}/admin/auth/session").json()
    assert (session["actor"], session["role"]) == ("oidc:alice@example.org", "admin")
    users = f"{gateway.url}/admin/users"
    assert browser.post(users, json={"name": "bob"}).status_code == 403
    csrf = {"x-csrf-token": session["csrf_token"]}
    assert browser.post(users, json={"name": "bob"}, headers=csrf).status_code == 201
    page = browser.get(f"{gateway.url}/admin/audit?verify=true").json()
    assert (page["rows"][0]["actor"], page["chain_holds"]) == ("oidc:alice@example.org", True)
    assert browser.get(f"{gateway.url}/admin/administrators").status_code == 403
    assert browser.post(f"{gateway.url}/admin/auth/logout", headers=csrf).status_code == 204
    assert browser.get(users).status_code == 401


@pytest.mark.parametrize(
    ("subject", "claims", "status"),
    [
        ("staff", {**ALICE, "groups": ["staff"]}, 303),
        ("nobody", {**ALICE, "groups": ["others"]}, 403),
        ("unverified", {**ALICE, "email_verified": False}, 403),
        ("elsewhere", {**ALICE, "email": "alice@evil.example.com"}, 403),
        ("nameless", {"groups": ["llm-admins"]}, 403),
    ],
)
def test_claims_decide_who_gets_in(
    gateway: Gateway,
    provider: IdentityProvider,
    browser: httpx.Client,
    subject: str,
    claims: dict[str, Any],
    status: int,
) -> None:
    provider.know(subject, **claims)
    back = follow(browser, sign_in(browser, gateway.url, {"sub": subject}))
    assert back.status_code == status, back.text
    entered = browser.get(f"{gateway.url}/admin/users").status_code
    assert entered == (200 if status == 303 else 401)


@pytest.fixture
def own_gateway(provider: IdentityProvider) -> Iterator[Gateway]:
    """A gateway that has seen no failure yet."""
    provider.know("alice", **ALICE)
    with Gateway(config(provider)) as gateway:
        yield gateway


def test_what_goes_wrong_on_the_way_is_a_refusal_and_no_session(
    own_gateway: Gateway, browser: httpx.Client
) -> None:
    url = own_gateway.url
    denied = follow(browser, sign_in(browser, url, {"action": "deny"}))
    assert denied.status_code in (400, 403)
    back = sign_in(browser, url, {"sub": "alice"})
    callback = httpx.URL(back.headers["location"])
    with httpx.Client() as another:
        assert another.get(callback).status_code == 400
    forged = callback.copy_merge_params({"state": "forged"})
    assert browser.get(forged).status_code == 400
    kept = dict(browser.cookies)
    assert browser.get(callback).status_code == 303
    with httpx.Client(cookies={"headgate_login": kept["headgate_login"]}) as replaying:
        assert replaying.get(callback).status_code == 400


def test_a_token_that_is_too_old_is_refused(browser: httpx.Client) -> None:
    with IdentityProvider(lifetime_s=-3600) as provider, Gateway(config(provider)) as gateway:
        provider.know("alice", **ALICE)
        refused = follow(browser, sign_in(browser, gateway.url, {"sub": "alice"}))
        assert refused.status_code == 502
        assert "it has expired" in refused.json()["error"]


def test_a_provider_that_is_gone_is_one_sentence(browser: httpx.Client) -> None:
    with IdentityProvider() as provider, Gateway(config(provider)) as gateway:
        provider.know("alice", **ALICE)
        back = sign_in(browser, gateway.url, {"sub": "alice"})
        provider.stop()
        refused = follow(browser, back)
        assert refused.status_code == 502
        assert refused.json()["error"].startswith("The identity provider cannot be reached")
        bearer = {"authorization": f"Bearer {gateway.admin_token}"}
        assert browser.get(f"{gateway.url}/admin/users", headers=bearer).status_code == 200


def test_a_password_opens_changes_and_closes(gateway: Gateway, browser: httpx.Client) -> None:
    owner = {"authorization": f"Bearer {gateway.admin_token}"}
    rows = f"{gateway.url}/admin/administrators"
    body = {"name": "carol", "password": "correct horse battery", "role": "operator"}
    row = browser.post(rows, json=body, headers=owner).json()
    login = f"{gateway.url}/admin/auth/login"
    given = {"name": "carol", "password": "correct horse battery"}
    opened = browser.post(login, json=given)
    assert (opened.status_code, opened.json()["actor"]) == (200, "administrator:carol")
    changed = browser.post(
        f"{gateway.url}/admin/auth/password",
        json={"old": "correct horse battery", "new": "another password"},
        headers={"x-csrf-token": opened.json()["csrf_token"]},
    )
    assert changed.status_code == 200
    assert browser.get(f"{gateway.url}/admin/users").status_code == 200
    assert browser.put(f"{rows}/{row['id']}", json={"is_active": False}, headers=owner).is_success
    assert browser.get(f"{gateway.url}/admin/users").status_code == 401
    written = stored(gateway.data)
    assert b"another password" not in written
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in written
