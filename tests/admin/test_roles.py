"""Every route with every role: what the table does not allow nobody may do."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI

from headgate.admin.app import create_app
from headgate.admin.auth import digest_of
from headgate.admin.roles import OPEN, ROUTES, routes_of, unlisted
from headgate.model.directory import AdminRole, AdminTokenRow
from tests.admin.conftest import AT, FakeAnalytics, FakeRequestLog, World, deps

ROLES: tuple[AdminRole, ...] = ("owner", "admin", "operator", "viewer", "billing")
READ_ONLY = frozenset({"viewer", "billing"})
ONES_OWN = frozenset({"/admin/auth/logout", "/admin/auth/password"})


def _pairs() -> Iterator[tuple[str, str]]:
    app = create_app(deps(FakeRequestLog(), FakeAnalytics(), World()))
    yield from sorted(routes_of(app))


def _filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "no-such-id", path)


PAIRS = tuple(_pairs())


def test_every_route_stands_in_the_table_and_the_table_has_no_other(app: FastAPI) -> None:
    assert unlisted(app) == []
    assert set(ROUTES) == set(PAIRS) - OPEN


@pytest.mark.parametrize(("method", "path"), PAIRS)
async def test_a_role_may_do_what_the_table_says_and_nothing_else(
    stranger: httpx2.AsyncClient, world: World, method: str, path: str
) -> None:
    if (method, path) in OPEN:
        return
    for role in ROLES:
        row = AdminTokenRow(
            id=role, name=role, role=role, digest=digest_of(role), hint="", created_at=AT
        )
        world.rows.tokens[role] = row
        headers = {"authorization": f"Bearer {role}"}
        target = _filled(path)
        answered = await stranger.request(method, target, headers=headers)
        allowed = role in ROUTES[method, path]
        assert (answered.status_code == 403) is not allowed, (role, answered.text)


@pytest.mark.parametrize(("method", "path"), PAIRS)
async def test_nobody_does_anything_without_a_token(
    stranger: httpx2.AsyncClient, method: str, path: str
) -> None:
    answered = await stranger.request(method, _filled(path))
    assert (answered.status_code == 401) is ((method, path) not in OPEN)


@pytest.mark.parametrize(("method", "path"), PAIRS)
def test_who_may_only_read_writes_nothing(method: str, path: str) -> None:
    if method != "GET" and (method, path) not in OPEN and path not in ONES_OWN:
        assert not ROUTES[method, path] & READ_ONLY


def test_the_owner_may_do_everything() -> None:
    assert all("owner" in roles for roles in ROUTES.values())


async def test_a_route_that_the_table_forgets_is_closed(
    app: FastAPI, admin: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ROUTES, ("GET", "/admin/users"))
    assert (await admin.get("/admin/users")).status_code == 403
    assert unlisted(app) == [("GET", "/admin/users")]
