import httpx2
import pytest

from headgate.admin.roles import OPEN
from tests.admin.conftest import TOKEN


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer wrong")],
        [("authorization", "Bearer ")],
        [("authorization", "Bearer")],
        [("authorization", TOKEN)],
        [("authorization", f"Basic {TOKEN}")],
        [("authorization", f"Bearer {TOKEN}x")],
        [("authorization", f"Bearer {TOKEN}"), ("authorization", f"Bearer {TOKEN}")],
        [("x-api-key", TOKEN)],
        [("cookie", f"token={TOKEN}")],
    ],
)
@pytest.mark.parametrize(
    "path", ["/admin/analytics/requests", "/admin/requests/x1", "/admin/nothing"]
)
async def test_without_the_token_every_path_is_closed(
    stranger: httpx2.AsyncClient, headers: list[tuple[str, str]], path: str
) -> None:
    for method in ("GET", "POST", "DELETE"):
        answered = await stranger.request(method, path, headers=headers)
        assert answered.status_code == 401
        assert answered.headers["www-authenticate"] == "Bearer"
        assert list(answered.json()) == ["error"]
        assert "correct-horse" not in answered.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_token_opens_whatever_the_case_of_its_scheme(
    stranger: httpx2.AsyncClient, scheme: str
) -> None:
    headers = {"authorization": f"{scheme} {TOKEN}"}
    answered = await stranger.get("/admin/analytics/requests", headers=headers)
    assert answered.status_code == 200


async def test_what_the_program_can_do_is_no_secret(stranger: httpx2.AsyncClient) -> None:
    for method, path in OPEN:
        if method == "GET" and "/oidc/" not in path:
            assert (await stranger.get(path)).status_code == 200


@pytest.mark.parametrize(
    "content_type", [None, "application/x-www-form-urlencoded", "text/plain", "application/json"]
)
async def test_a_body_with_a_token_is_json_whatever_it_is_called(
    admin: httpx2.AsyncClient, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answered = await admin.post("/admin/users", content=b'{"name": "alice"}', headers=headers)
    assert (answered.status_code, answered.json()["name"]) == (201, "alice")
