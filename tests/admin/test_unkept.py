"""No answer of the admin API is kept by a cache or taken for a page."""

import httpx2
import pytest


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/openapi.json", "/admin/users", "/admin/nothing", "/admin/audit"]
)
async def test_every_answer_says_so_once(
    admin: httpx2.AsyncClient, stranger: httpx2.AsyncClient, path: str
) -> None:
    for client in (admin, stranger):
        headers = (await client.get(path)).headers
        assert headers.get_list("cache-control") == ["no-store"]
        assert headers.get_list("x-content-type-options") == ["nosniff"]


async def test_a_body_that_is_too_large_is_no_exception(admin: httpx2.AsyncClient) -> None:
    refused = await admin.post("/admin/users", content=b"x" * (4 * 1024 * 1024 + 1))
    assert (refused.status_code, refused.headers["cache-control"]) == (413, "no-store")
