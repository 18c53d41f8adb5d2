import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from headgate.admin.administrators import plain_name
from headgate.admin.auth import COOKIE
from headgate.admin.passwords import Cost, Passwords
from headgate.admin.throttle import MOST_FAILURES, WINDOW_S
from tests.admin.conftest import World

ROWS = "/admin/administrators"
LOGIN = "/admin/auth/login"
OWN = "/admin/auth/password"
PASSWORD = "correct horse battery"
WRONG = {"error": "the name or the password is not valid"}


@pytest.fixture(autouse=True)
def cheap(app: FastAPI) -> Passwords:
    """Tests wait for no hash."""
    passwords = Passwords(Cost(memory_kib=64, passes=1))
    app.state.passwords = passwords
    return passwords


async def made(admin: httpx2.AsyncClient, name: str = "alice", **fields: Any) -> dict[str, Any]:
    answered = await admin.post(ROWS, json={"name": name, "password": PASSWORD, **fields})
    assert answered.status_code == 201, answered.text
    body: dict[str, Any] = answered.json()
    return body


async def signed_in(
    client: httpx2.AsyncClient, name: str = "alice", password: str = PASSWORD
) -> dict[str, Any]:
    answered = await client.post(LOGIN, json={"name": name, "password": password})
    assert answered.status_code == 200, answered.text
    body: dict[str, Any] = answered.json()
    return body


def other(app: FastAPI) -> httpx2.AsyncClient:
    """Another browser."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway")


async def test_an_administrator_is_made_shown_changed_and_removed(
    admin: httpx2.AsyncClient, world: World
) -> None:
    row = await made(admin, "Alice", role="operator")
    assert row == {
        "id": row["id"],
        "name": "alice",
        "role": "operator",
        "is_active": True,
        "created_at": "2023-11-14T22:13:20.000Z",
    }
    path = f"{ROWS}/{row['id']}"
    assert (await admin.get(ROWS)).json() == [row]
    assert (await admin.get(path)).json() == row
    changed = await admin.put(path, json={"name": "bob", "role": "admin"})
    assert changed.json() == {**row, "name": "bob", "role": "admin"}
    assert (await admin.delete(path)).status_code == 204
    for answered in (
        await admin.get(path),
        await admin.put(path, json={}),
        await admin.delete(path),
    ):
        assert answered.status_code == 404
    assert [(note.action, note.actor) for note in world.rows.audit] == [
        ("administrator.create", "admin"),
        ("administrator.change", "admin"),
        ("administrator.delete", "admin"),
    ]


async def test_who_is_made_without_a_role_may_only_look(admin: httpx2.AsyncClient) -> None:
    assert (await made(admin))["role"] == "viewer"


async def test_a_password_is_kept_as_a_hash_and_shown_nowhere(
    admin: httpx2.AsyncClient, world: World
) -> None:
    row = await made(admin)
    kept = world.rows.administrators[row["id"]].password_hash
    assert kept.startswith("$argon2id$")
    shown = [row, (await admin.get(ROWS)).json(), repr(world.rows.audit)]
    assert kept not in repr(shown)
    assert PASSWORD not in repr([shown, world.rows.__dict__])


async def test_a_name_is_taken_once_however_it_is_written(admin: httpx2.AsyncClient) -> None:
    await made(admin, "alice")
    for name in ("alice", "ALICE", " alice ", "ａｌｉｃｅ"):
        again = await admin.post(ROWS, json={"name": name, "password": PASSWORD})
        assert again.status_code == 409
    assert plain_name("Ａlice") == "alice"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"password": "short"}, "password: must have 12 characters or more"),
        ({"password": "x" * 1001}, "password"),
        ({"password": None}, "password"),
        ({"password": 123456789012}, "password"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"role": "root"}, "role"),
        ({"role": None}, "role"),
        ({"is_active": None}, "is_active"),
        ({"is_active": "yes"}, "is_active"),
        ({"password_hash": "$argon2id$"}, "password_hash"),
        ({"generation": 0}, "generation"),
    ],
)
async def test_what_cannot_be_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, fields: dict[str, Any], field: str
) -> None:
    row = await made(admin)
    whole = {"name": "bob", "password": PASSWORD, **fields}
    for answered in (
        await admin.post(ROWS, json=whole),
        await admin.put(f"{ROWS}/{row['id']}", json=fields),
    ):
        assert answered.status_code == 400
        assert answered.json()["error"].startswith(field)


@pytest.mark.parametrize("path", [ROWS, LOGIN, OWN])
async def test_half_a_character_is_no_5xx(admin: httpx2.AsyncClient, path: str) -> None:
    half = r'"\ud800aaaaaaaaaaaaaa"'
    for body in (
        f'{{"name": {half}, "password": {half}}}',
        f'{{"old": {half}, "new": {half}}}',
        f'{{"token": {half}}}',
    ):
        answered = await admin.post(
            path, content=body.encode(), headers={"content-type": "application/json"}
        )
        assert answered.status_code in (400, 401)


async def test_a_session_is_its_administrators_and_of_their_role(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient, world: World
) -> None:
    row = await made(admin, role="operator")
    shown = await signed_in(stranger, "ALICE")
    assert (shown["actor"], shown["role"]) == ("administrator:alice", "operator")
    csrf = {"x-csrf-token": shown["csrf_token"]}
    assert (await stranger.get("/admin/users")).status_code == 200
    assert (await stranger.post("/admin/reload", headers=csrf)).status_code == 200
    assert world.rows.audit[-1].actor == "administrator:alice"
    assert (
        await stranger.post("/admin/users", json={"name": "a"}, headers=csrf)
    ).status_code == 403
    await admin.put(f"{ROWS}/{row['id']}", json={"role": "admin"})
    assert (
        await stranger.post("/admin/users", json={"name": "a"}, headers=csrf)
    ).status_code == 201
    assert (await stranger.get(ROWS)).status_code == 403


async def test_whoever_is_deactivated_or_removed_is_out_at_once_and_for_good(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    row = await made(admin)
    path = f"{ROWS}/{row['id']}"
    await signed_in(stranger)
    await admin.put(path, json={"is_active": False})
    assert (await stranger.get("/admin/users")).status_code == 401
    refused = await stranger.post(LOGIN, json={"name": "alice", "password": PASSWORD})
    assert (refused.status_code, refused.json()) == (401, WRONG)
    await admin.put(path, json={"is_active": True})
    assert (await stranger.get("/admin/users")).status_code == 401
    await signed_in(stranger)
    assert (await stranger.get("/admin/users")).status_code == 200
    await admin.delete(path)
    assert (await stranger.get("/admin/users")).status_code == 401


async def test_a_password_set_by_an_owner_ends_the_sessions(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    row = await made(admin)
    await signed_in(stranger)
    await admin.put(f"{ROWS}/{row['id']}", json={"password": "another password"})
    assert (await stranger.get("/admin/users")).status_code == 401
    await signed_in(stranger, password="another password")


async def test_nobody_learns_which_names_exist(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    await made(admin)
    for name in ("alice", "nobody"):
        refused = await stranger.post(LOGIN, json={"name": name, "password": "wrong"})
        assert (refused.status_code, refused.json()) == (401, WRONG)


async def test_a_name_that_is_guessed_at_waits_whether_it_exists_or_not(
    admin: httpx2.AsyncClient, app: FastAPI, world: World
) -> None:
    await made(admin)
    for name in ("alice", "nobody"):
        for number in range(MOST_FAILURES):
            transport = httpx2.ASGITransport(app, client=(f"10.0.{len(name)}.{number}", 1))
            async with httpx2.AsyncClient(transport=transport, base_url="http://g") as client:
                refused = await client.post(LOGIN, json={"name": name, "password": "wrong"})
                assert refused.status_code == 401
        transport = httpx2.ASGITransport(app, client=("10.9.9.9", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://g") as client:
            held = await client.post(LOGIN, json={"name": name.upper(), "password": PASSWORD})
        assert (held.status_code, held.headers["retry-after"]) == (429, str(int(WINDOW_S)))
    async with other(app) as client:
        world.now += WINDOW_S
        await signed_in(client)


async def test_guesses_sent_together_are_as_many_as_guesses_sent_alone(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    await made(admin)
    body = {"name": "alice", "password": "wrong"}
    answers = await asyncio.gather(*(stranger.post(LOGIN, json=body) for _ in range(20)))
    statuses = sorted(answered.status_code for answered in answers)
    assert statuses == [401] * MOST_FAILURES + [429] * (20 - MOST_FAILURES)


async def test_too_many_passwords_at_once_are_a_429(
    admin: httpx2.AsyncClient, app: FastAPI, stranger: httpx2.AsyncClient
) -> None:
    await made(admin)
    app.state.passwords = Passwords(at_once=1, most_waiting=-1)
    busy = await stranger.post(LOGIN, json={"name": "alice", "password": PASSWORD})
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
    busy = await admin.post(ROWS, json={"name": "bob", "password": PASSWORD})
    assert busy.status_code == 429


async def test_a_login_makes_an_old_hash_as_hard_as_new_ones(
    admin: httpx2.AsyncClient, app: FastAPI, stranger: httpx2.AsyncClient, world: World
) -> None:
    row = await made(admin)
    await signed_in(stranger)
    app.state.passwords = Passwords(Cost(memory_kib=128, passes=1))
    async with other(app) as client:
        await signed_in(client)
    assert "m=128,t=1,p=1" in world.rows.administrators[row["id"]].password_hash
    assert (await stranger.get("/admin/users")).status_code == 200


async def test_ones_own_password_is_changed_and_every_other_session_ends(
    admin: httpx2.AsyncClient, app: FastAPI, stranger: httpx2.AsyncClient, world: World
) -> None:
    row = await made(admin, role="billing")
    csrf = (await signed_in(stranger))["csrf_token"]
    before = stranger.cookies[COOKIE]
    async with other(app) as elsewhere:
        await signed_in(elsewhere)
        changed = await stranger.post(
            OWN, json={"old": PASSWORD, "new": "another password"}, headers={"x-csrf-token": csrf}
        )
        assert changed.status_code == 200, changed.text
        assert (await elsewhere.get("/admin/auth/session")).status_code == 401
    assert stranger.cookies[COOKIE] != before
    assert changed.json()["csrf_token"] != csrf
    assert (await stranger.get("/admin/auth/session")).status_code == 200
    old = await stranger.get("/admin/auth/session", headers={"cookie": f"{COOKIE}={before}"})
    assert old.status_code == 401
    notes = [(note.action, note.actor, note.subject) for note in world.rows.audit]
    assert ("administrator.password", "administrator:alice", row["id"]) in notes
    refused = await stranger.post(LOGIN, json={"name": "alice", "password": PASSWORD})
    assert refused.status_code == 401
    await signed_in(stranger, password="another password")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"old": "wrong", "new": "another password"}, "old: is not your password"),
        ({"old": PASSWORD, "new": PASSWORD}, "new: is the old one"),
        ({"old": PASSWORD, "new": "short"}, "new: must have 12 characters or more"),
        ({"old": PASSWORD}, "new"),
        ({"new": PASSWORD}, "old"),
    ],
)
async def test_a_password_that_cannot_be_changed_stays(
    admin: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    world: World,
    body: dict[str, str],
    error: str,
) -> None:
    row = await made(admin)
    kept = world.rows.administrators[row["id"]]
    csrf = {"x-csrf-token": (await signed_in(stranger))["csrf_token"]}
    refused = await stranger.post(OWN, json=body, headers=csrf)
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(error)
    assert world.rows.administrators[row["id"]] == kept


async def test_a_stolen_session_cannot_guess_the_password_for_ever(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    await made(admin)
    csrf = {"x-csrf-token": (await signed_in(stranger))["csrf_token"]}
    body = {"old": "wrong", "new": "another password"}
    statuses = [
        (await stranger.post(OWN, json=body, headers=csrf)).status_code
        for _ in range(MOST_FAILURES + 1)
    ]
    assert statuses == [400] * MOST_FAILURES + [429]


async def test_a_token_has_no_password_to_change(admin: httpx2.AsyncClient) -> None:
    refused = await admin.post(OWN, json={"old": PASSWORD, "new": "another password"})
    assert refused.status_code == 400
    assert "signed in with a password" in refused.json()["error"]


async def test_two_changes_at_once_are_one_change(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient, world: World, cheap: Passwords
) -> None:
    row = await made(admin)
    csrf = {"x-csrf-token": (await signed_in(stranger))["csrf_token"]}
    bodies = [{"old": PASSWORD, "new": f"another password {n}"} for n in range(2)]
    answers = await asyncio.gather(*(stranger.post(OWN, json=b, headers=csrf) for b in bodies))
    statuses = sorted(answered.status_code for answered in answers)
    assert statuses[0] == 200
    assert statuses[1] in (400, 401, 409)
    assert world.rows.administrators[row["id"]].generation == 1
