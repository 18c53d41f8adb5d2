"""Whatever is sent to the ways in, the answer is a refusal and never a failure of the gateway."""

import asyncio
import functools
import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.admin.app import create_app
from headgate.admin.oidc_provider import Provider
from headgate.admin.passwords import Cost, Passwords
from headgate.admin.throttle import LoginThrottle
from headgate.config import AdminSettings
from tests.admin.conftest import TOKEN, FakeAnalytics, FakeRequestLog, World, deps
from tests.admin.test_oidc import SETTINGS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("token", "name", "password", "role", "is_active", "old", "new")
BODIES = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4).map(json.dumps)
PATHS = (
    "/admin/auth/login",
    "/admin/auth/password",
    "/admin/administrators",
    "/admin/administrators/a1",
    "/admin/auth/logout",
)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


@functools.cache
def application() -> tuple[FastAPI, World]:
    """One for all examples: to make it takes longer than to ask it."""
    world = World()
    world.admin = AdminSettings(oidc=SETTINGS)
    return create_app(deps(FakeRequestLog(), FakeAnalytics(), world)), world


def status(method: str, path: str, **options: Any) -> int:
    """What a gateway answers to which nobody came before."""

    async def ask() -> int:
        app, world = application()
        app.state.throttle = LoginThrottle()
        app.state.passwords = Passwords(Cost(memory_kib=64, passes=1))
        app.state.provider = Provider(world.http, lambda: world.now)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return (await client.request(method, path, **options)).status_code

    return asyncio.run(ask())


SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("path", PATHS)
@given(body=BODIES | st.text() | st.binary(max_size=40))
@SLOW
def test_any_body_is_done_or_refused(method: str, path: str, body: str | bytes) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    content = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    assert status(method, path, content=content, headers=headers) < 500


@given(
    query=st.dictionaries(
        st.sampled_from(("code", "state", "error", "iss", "next")), st.text(), max_size=5
    ),
    cookie=HEADER,
    host=HEADER,
)
@SLOW
def test_any_way_back_is_refused(query: dict[str, str], cookie: str, host: str) -> None:
    sent = {name: text.encode("utf-8", "replace").decode() for name, text in query.items()}
    headers = [
        (b"cookie", f"headgate_login={cookie}".encode("latin-1")),
        (b"host", host.encode("latin-1")),
    ]
    assert status("GET", "/admin/auth/oidc/callback", params=sent, headers=headers) in (400, 403)


@given(cookie=HEADER, bearer=HEADER, csrf=HEADER)
@SLOW
def test_any_header_opens_nothing(cookie: str, bearer: str, csrf: str) -> None:
    pairs = {"cookie": f"headgate_session={cookie}", "x-csrf-token": csrf}
    headers = [(name.encode(), text.encode("latin-1")) for name, text in pairs.items()]
    assert status("POST", "/admin/users", headers=headers) == 401
    headers.append((b"authorization", f"Bearer {bearer}".encode("latin-1")))
    assert status("POST", "/admin/users", headers=headers) == 401
