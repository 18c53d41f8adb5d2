import httpx2
import msgspec
import pytest

from headgate.admin.answers import answer, failure
from tests.admin.conftest import FakeRequestLog


def test_what_json_cannot_say_is_null() -> None:
    assert bytes(answer({"cost_usd": float("nan")}).body) == b'{"cost_usd":null}'


def test_a_failure_is_one_sentence_under_one_name() -> None:
    response = failure(409, "There is one already.", {"x": "y"})
    assert (response.status_code, response.headers["x"]) == (409, "y")
    assert msgspec.json.decode(response.body) == {"error": "There is one already."}


@pytest.mark.parametrize("path", ["/admin/nothing", "/admin/requests/", "/admin/requests/a/b", "/"])
async def test_an_unknown_path_is_not_found(admin: httpx2.AsyncClient, path: str) -> None:
    answered = await admin.get(path)
    assert (answered.status_code, answered.json()) == (404, {"error": "Not found"})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "body: must be a JSON object, sent as application/json"),
        (b"[]", "body: must be a JSON object, sent as application/json"),
        (b"null", "body: must be a JSON object, sent as application/json"),
        (b'"x"', "body: must be a JSON object, sent as application/json"),
        (b'{"name": oops}', "body: is no JSON, at character 9"),
        (b'{"name":"\xff"}', "body: is no JSON"),
        (b"[" * 100_000, "body: is no JSON"),
    ],
)
async def test_a_body_that_is_no_object_is_called_so(
    admin: httpx2.AsyncClient, body: bytes, why: str
) -> None:
    answered = await admin.post("/admin/users", content=body)
    assert (answered.status_code, answered.json()) == (400, {"error": why})


async def test_a_wrong_method_names_the_right_ones(admin: httpx2.AsyncClient) -> None:
    answered = await admin.post("/admin/analytics/requests")
    assert (answered.status_code, answered.json()) == (405, {"error": "Method not allowed"})
    assert answered.headers["allow"] == "GET"


async def test_a_database_that_is_down_is_503_without_its_address(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    log.break_down()
    for path in ("/admin/analytics/requests", "/admin/requests/x"):
        answered = await admin.get(path)
        assert answered.status_code == 503
        assert answered.headers["retry-after"] == "5"
        assert "secret" not in answered.text


async def test_a_bug_is_500_without_its_trace(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    log.error = RuntimeError("secret words")
    answered = await admin.get("/admin/requests/x")
    assert answered.status_code == 500
    assert list(answered.json()) == ["error"]
    assert "secret" not in answered.text
