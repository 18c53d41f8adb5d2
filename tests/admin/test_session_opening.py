import httpx2
import pytest
from fastapi import FastAPI

from headgate.admin.auth import COOKIE, csrf_of
from headgate.config import AdminSettings
from tests.admin.conftest import TOKEN, World

LOGIN = "/admin/auth/login"


async def test_a_login_ends_the_session_that_the_browser_had(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    first = (await stranger.post(LOGIN, json={"token": TOKEN})).json()
    before = stranger.cookies[COOKIE]
    second = (await stranger.post(LOGIN, json={"token": TOKEN})).json()
    assert stranger.cookies[COOKIE] != before
    assert first["csrf_token"] != second["csrf_token"]
    assert len(world.rows.sessions) == 1
    old = await stranger.get("/admin/users", headers={"cookie": f"{COOKIE}={before}"})
    assert old.status_code == 401


async def test_a_cookie_that_somebody_else_planted_becomes_no_session(
    stranger: httpx2.AsyncClient,
) -> None:
    planted = {"cookie": f"{COOKIE}=planted"}
    answered = await stranger.post(LOGIN, json={"token": TOKEN}, headers=planted)
    assert answered.status_code == 200
    assert "planted" not in answered.headers["set-cookie"]
    assert (await stranger.get("/admin/users", headers=planted)).status_code == 401


async def test_a_failed_login_ends_nothing(stranger: httpx2.AsyncClient) -> None:
    await stranger.post(LOGIN, json={"token": TOKEN})
    assert (await stranger.post(LOGIN, json={"token": "wrong"})).status_code == 401
    assert (await stranger.get("/admin/users")).status_code == 200


async def test_every_login_is_noted_and_no_failure(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    await stranger.post(LOGIN, json={"token": "wrong"})
    await stranger.post(LOGIN, json={"token": TOKEN})
    (row,) = world.rows.audit
    assert (row.action, row.actor, row.subject) == ("session.open", "admin", "admin")
    assert row.detail == {"role": "owner"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
async def test_a_page_of_another_site_does_nothing_with_a_session(
    stranger: httpx2.AsyncClient, method: str, site: str
) -> None:
    csrf = (await stranger.post(LOGIN, json={"token": TOKEN})).json()["csrf_token"]
    headers = {"x-csrf-token": csrf, "sec-fetch-site": site}
    refused = await stranger.request(method, "/admin/users/u1", headers=headers)
    assert refused.status_code == 403
    assert "another site" in refused.json()["error"]
    assert (await stranger.get("/admin/users", headers=headers)).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_ones_own_page_may(stranger: httpx2.AsyncClient, site: str) -> None:
    stranger.headers["sec-fetch-site"] = site
    csrf = (await stranger.post(LOGIN, json={"token": TOKEN})).json()["csrf_token"]
    headers = {"x-csrf-token": csrf}
    assert (await stranger.post("/admin/reload", headers=headers)).status_code == 200


async def test_a_page_of_another_site_signs_nobody_in(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    refused = await stranger.post(LOGIN, json={"token": TOKEN}, headers=headers)
    assert (refused.status_code, world.rows.sessions) == (403, {})


async def test_a_token_may_come_from_any_page(admin: httpx2.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    assert (await admin.post("/admin/reload", headers=headers)).status_code == 200


async def test_a_csrf_token_of_another_session_is_wrong(
    stranger: httpx2.AsyncClient, app: FastAPI
) -> None:
    await stranger.post(LOGIN, json={"token": TOKEN})
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://gateway"
    ) as other:
        theirs = (await other.post(LOGIN, json={"token": TOKEN})).json()["csrf_token"]
    for shown in (theirs, "", "x", csrf_of("other")):
        refused = await stranger.post("/admin/reload", headers={"x-csrf-token": shown})
        assert refused.status_code == 403


async def test_behind_a_proxy_that_ends_tls_the_cookie_is_for_tls_only(
    stranger: httpx2.AsyncClient, world: World
) -> None:
    plain = await stranger.post(LOGIN, json={"token": TOKEN})
    assert "Secure" not in plain.headers["set-cookie"]
    lied = await stranger.post(LOGIN, json={"token": TOKEN}, headers={"x-forwarded-proto": "https"})
    assert "Secure" not in lied.headers["set-cookie"]
    world.admin = AdminSettings(public_url="https://llm.example.org")
    behind = await stranger.post(LOGIN, json={"token": TOKEN})
    assert behind.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "alice"},
        {"password": "x"},
        {"token": "x", "name": "alice"},
        {"token": "x", "password": "x"},
        {"token": "x", "name": "alice", "password": "x"},
        {"token": ""},
        {"token": None},
        {"name": "", "password": "x"},
        {"name": "alice", "password": ""},
        {"name": 5, "password": "x"},
        {"name": "alice", "password": "x" * 1001},
        [],
        "token",
        None,
    ],
)
async def test_a_login_that_is_none_is_a_400(stranger: httpx2.AsyncClient, body: object) -> None:
    refused = await stranger.post(LOGIN, json=body)
    assert (refused.status_code, list(refused.json())) == (400, ["error"])
