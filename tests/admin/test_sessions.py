from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from headgate.admin.auth import COOKIE, IDLE_S, LONGEST_S, digest_of
from headgate.admin.throttle import MOST_FAILURES, WINDOW_S
from tests.admin.conftest import TOKEN, World

LOGIN = "/admin/auth/login"
TOKENS = "/admin/auth/tokens"


async def logged_in(client: httpx2.AsyncClient, token: str = TOKEN) -> dict[str, Any]:
    answered = await client.post(LOGIN, json={"token": token})
    assert answered.status_code == 200, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def new_token(admin: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    answered = await admin.post(TOKENS, json={"name": "ci", **fields})
    assert answered.status_code == 201, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def test_a_login_sets_a_cookie_that_no_script_reads_and_no_other_site_sends(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    answered = await stranger.post(LOGIN, json={"token": TOKEN})
    name, _, rest = answered.headers["set-cookie"].partition("=")
    secret, *attributes = rest.split("; ")
    assert name == COOKIE
    assert attributes == ["HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={int(LONGEST_S)}"]
    assert (answered.json()["actor"], answered.json()["role"]) == ("admin", "owner")
    assert answered.json()["csrf_token"]
    assert list(world.rows.sessions) == [digest_of(secret)]
    kept = repr(world.rows.sessions)
    assert secret not in kept
    assert answered.json()["csrf_token"] not in kept
    assert digest_of(TOKEN).hex() not in kept


async def test_over_tls_the_cookie_is_sent_over_tls_only(app: FastAPI) -> None:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://gateway") as client:
        answered = await client.post(LOGIN, json={"token": TOKEN})
        assert answered.headers["set-cookie"].endswith("; Secure")


async def test_a_session_reads_freely_and_writes_with_its_csrf_token(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    csrf = (await logged_in(stranger))["csrf_token"]
    assert (await stranger.get("/admin/users")).status_code == 200
    shown = (await stranger.get("/admin/auth/session")).json()
    assert shown == {"actor": "admin", "role": "owner", "csrf_token": csrf}
    for headers in ({}, {"x-csrf-token": "wrong"}, {"x-csrf-token": ""}):
        refused = await stranger.post("/admin/users", json={"name": "a"}, headers=headers)
        assert refused.status_code == 403
        assert "x-csrf-token" in refused.json()["error"]
    assert not world.rows.users
    headers = {"x-csrf-token": csrf}
    assert (await stranger.post("/admin/users", json={"name": "a"}, headers=headers)).status_code
    assert len(world.rows.users) == 1


async def test_a_token_needs_no_csrf_token_even_beside_a_cookie(
    stranger: httpx2.AsyncClient,
) -> None:
    await logged_in(stranger)
    headers = {"authorization": f"Bearer {TOKEN}"}
    answered = await stranger.post("/admin/users", json={"name": "a"}, headers=headers)
    assert answered.status_code == 201
    shown = await stranger.get("/admin/auth/session", headers=headers)
    assert shown.json() == {"actor": "admin", "role": "owner", "csrf_token": None}


async def test_a_session_that_idles_ends(stranger: httpx2.AsyncClient, world: World) -> None:
    await logged_in(stranger)
    for _ in range(3):
        world.now += IDLE_S - 1
        assert (await stranger.get("/admin/auth/session")).status_code == 200
    world.now += IDLE_S
    assert (await stranger.get("/admin/auth/session")).status_code == 401


async def test_a_session_ends_however_busy_it_is(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    began = world.now
    await logged_in(stranger)
    while world.now - began < LONGEST_S - IDLE_S:
        world.now += IDLE_S / 2
        assert (await stranger.get("/admin/auth/session")).status_code == 200
    world.now = began + LONGEST_S
    assert (await stranger.get("/admin/auth/session")).status_code == 401


async def test_a_session_is_not_written_at_every_request(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    await logged_in(stranger)
    for _ in range(10):
        world.now += 10
        await stranger.get("/admin/auth/session")
    assert world.rows.touches == 1


async def test_a_logout_ends_the_session(stranger: httpx2.AsyncClient, world: World) -> None:
    csrf = (await logged_in(stranger))["csrf_token"]
    cookie = stranger.cookies[COOKIE]
    answered = await stranger.post("/admin/auth/logout", headers={"x-csrf-token": csrf})
    assert answered.status_code == 204
    assert "Max-Age=0" in answered.headers["set-cookie"]
    assert not world.rows.sessions
    again = await stranger.get("/admin/users", headers={"cookie": f"{COOKIE}={cookie}"})
    assert again.status_code == 401


async def test_a_login_clears_sessions_that_are_over(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    await logged_in(stranger)
    world.now += IDLE_S + 1
    await logged_in(stranger)
    assert len(world.rows.sessions) == 1


async def test_who_guesses_waits_and_is_told_how_long(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    for _ in range(MOST_FAILURES):
        refused = await stranger.post(LOGIN, json={"token": "wrong"})
        assert (refused.status_code, refused.json()) == (401, {"error": "the token is not valid"})
    held = await stranger.post(LOGIN, json={"token": TOKEN})
    assert held.status_code == 429
    assert held.headers["retry-after"] == str(int(WINDOW_S))
    world.now += WINDOW_S
    await logged_in(stranger)


async def test_a_new_token_is_shown_once_and_kept_as_a_digest(
    admin: httpx2.AsyncClient, world: World
) -> None:
    token = await new_token(admin, role="operator", days=7)
    text = token.pop("token")
    assert text.startswith("hga-")
    assert token == {
        "id": token["id"],
        "name": "ci",
        "role": "operator",
        "hint": text[-4:],
        "created_at": "2023-11-14T22:13:20.000Z",
        "expires_at": "2023-11-21T22:13:20.000Z",
    }
    assert (await admin.get(TOKENS)).json() == [token]
    assert text not in repr(world.rows.tokens)
    assert [row.action for row in world.rows.audit] == ["token.create"]


async def test_a_token_opens_what_its_role_may_until_it_expires(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient, world: World
) -> None:
    text = (await new_token(admin, role="viewer", days=1))["token"]
    stranger.headers["authorization"] = f"Bearer {text}"
    assert (await stranger.get("/admin/users")).status_code == 200
    refused = await stranger.post("/admin/users", json={"name": "a"})
    assert (refused.status_code, refused.json()) == (
        403,
        {"error": "the role 'viewer' may not do this"},
    )
    world.now += 86_400
    assert (await stranger.get("/admin/users")).status_code == 401


async def test_the_audit_log_names_the_token(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient, world: World
) -> None:
    text = (await new_token(admin, role="admin"))["token"]
    headers = {"authorization": f"Bearer {text}"}
    await stranger.post("/admin/users", json={"name": "a"}, headers=headers)
    assert world.rows.audit[-1].actor == "token:ci"


async def test_a_removed_token_takes_its_sessions_along(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    token = await new_token(admin, role="viewer")
    assert (await logged_in(stranger, token["token"]))["role"] == "viewer"
    assert (await stranger.get("/admin/users")).status_code == 200
    assert (await admin.delete(f"{TOKENS}/{token['id']}")).status_code == 204
    assert (await stranger.get("/admin/users")).status_code == 401
    assert (await admin.delete(f"{TOKENS}/{token['id']}")).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"role": "root"}, {"days": 0}, {"days": 10_000}, {"token": "own"}]
)
async def test_a_token_that_cannot_be_is_a_400(
    admin: httpx2.AsyncClient, fields: dict[str, Any]
) -> None:
    answered = await admin.post(TOKENS, json={"name": "ci", **fields})
    assert answered.status_code == 400
    assert answered.json()["error"].startswith(*fields)


async def test_without_a_database_the_admins_own_token_still_counts(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient, world: World
) -> None:
    await logged_in(stranger)
    world.directory.break_down()
    assert (await admin.get("/admin/auth/session")).status_code == 200
    for answered in (
        await stranger.get("/admin/auth/session"),
        await admin.get("/admin/users"),
        await admin.get("/admin/auth/session", headers={"authorization": "Bearer other"}),
    ):
        assert answered.status_code == 503
        assert "secret" not in answered.text
