import httpx2
import pytest

from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery
from headgate.model.books import AttemptRow, ExchangeRow, PolicyNote
from tests.admin.conftest import FakeRequestLog

ROW = ExchangeRow(
    id="x1",
    created_at=1_700_000_000.125,
    user_id="alice",
    outcome="complete",
    status_code=200,
    attempts=2,
    stream=True,
    losses=("seed",),
    policies=(PolicyNote(policy="redact", changed=True, findings={"email": 2}, holds=1),),
    tags={"team": "red"},
    session="s1",
)
ATTEMPT = AttemptRow(
    exchange_id="x1",
    attempt=1,
    at=1_700_000_001,
    backend_id="openai",
    routed_model="m",
    outcome="timeout",
)
LIST = "/admin/analytics/requests"


async def test_a_page_is_rows_total_limit_and_offset(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    log.page = RequestPage(rows=(ROW,), total=7, limit=1, offset=3)
    answered = await admin.get(LIST)
    assert answered.headers["content-type"] == "application/json"
    body = answered.json()
    assert list(body) == ["rows", "total", "limit", "offset"]
    assert (body["total"], body["limit"], body["offset"]) == (7, 1, 3)
    [row] = body["rows"]
    assert row["created_at"] == "2023-11-14T22:13:20.125Z"
    assert (row["attempts"], row["stream"], row["request_body"]) == (2, True, None)
    assert len(row) == 30
    assert row["session"] == "s1"
    assert not {"losses", "policies", "tags"} & row.keys()


async def test_every_parameter_is_understood(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    given = {
        "limit": "5",
        "offset": "10",
        "q": "50%",
        "userId": "alice",
        "backendId": "openai",
        "model": "fast",
        "outcome": "timeout",
        "detailLogged": "true",
        "from": "2023-11-14T22:13:20Z",
        "to": "2023-11-14",
        "unknown": "x",
    }
    assert (await admin.get(LIST, params=given)).status_code == 200
    assert log.asked == [
        RequestQuery(
            limit=5,
            offset=10,
            q="50%",
            user_id="alice",
            backend_id="openai",
            model="fast",
            outcome="timeout",
            detail_logged=True,
            since=1_700_000_000,
            until=1_700_006_400,
        )
    ]


async def test_what_is_left_out_or_empty_is_any(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    await admin.get(LIST)
    await admin.get(f"{LIST}?q=&userId=&outcome=&detailLogged=&from=&limit=&offset=")
    assert log.asked == [RequestQuery(), RequestQuery()]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "many"),
        ("limit", "1.5"),
        ("offset", "-1"),
        ("offset", "9" * 5000),
        ("outcome", "great"),
        ("detailLogged", "perhaps"),
        ("from", "yesterday"),
        ("to", "2023-99-99"),
        ("q", "x" * 201),
    ],
)
async def test_a_wrong_parameter_is_named(
    admin: httpx2.AsyncClient, log: FakeRequestLog, parameter: str, value: str
) -> None:
    answered = await admin.get(LIST, params={parameter: value})
    assert answered.status_code == 400
    assert answered.json()["error"].startswith(f"{parameter}: ")
    assert "Value error" not in answered.text
    assert log.asked == []


async def test_one_exchange_comes_with_its_attempts(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    log.details["x1"] = RequestDetail(ROW, (ATTEMPT,))
    body = (await admin.get("/admin/requests/x1")).json()
    assert (body["id"], body["attempts"], body["losses"]) == ("x1", 2, ["seed"])
    (note,) = body["policies"]
    assert (note["policy"], note["changed"], note["findings"]) == ("redact", True, {"email": 2})
    assert (note["monitor"], note["refused"], note["held_ms"]) == (False, None, 0.0)
    assert body["tags"] == {"team": "red"}
    [attempt] = body["attempt_rows"]
    assert (attempt["attempt"], attempt["outcome"]) == (1, "timeout")
    assert attempt["at"] == "2023-11-14T22:13:21.000Z"


async def test_an_exchange_that_is_not_there_is_not_found(admin: httpx2.AsyncClient) -> None:
    answered = await admin.get("/admin/requests/nothing")
    assert (answered.status_code, answered.json()) == (404, {"error": "Not found"})
