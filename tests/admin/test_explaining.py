import httpx2

from headgate.admin.explaining import explain
from headgate.model.book_query import RequestDetail
from tests.admin.conftest import FakeRequestLog
from tests.storage.samples import closed, settled


def test_a_plain_exchange_is_told_in_three_sentences() -> None:
    row = closed(request_model="m", losses=())
    made = settled(routed_model="m", duration_ms=None, status_code=None)
    assert explain(RequestDetail(row, (made,))) == [
        "/v1/chat/completions asked for the model 'm'. It was routed to the backend 'openai'.",
        "Attempt 1 at 'openai', model 'm' ended complete.",
        "The caller got 200, and the exchange ended complete.",
    ]


async def test_a_second_attempt_is_told_with_the_reason_for_it(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    failed = settled(
        outcome="timeout", status_code=504, error_message="no first event", backend_id="slow"
    )
    log.details["x1"] = RequestDetail(closed(), (failed, settled(attempt=2)))
    answered = await admin.get("/admin/requests/x1/explain")
    assert answered.json() == {
        "id": "x1",
        "steps": [
            "/v1/chat/completions asked for the model 'fast'. "
            "It was routed to the backend 'slow' as 'gpt-4o-mini'.",
            "The translation could not carry: logprobs, seed.",
            "Attempt 1 at 'slow', model 'gpt-4o-mini' ended timeout with the status 504 "
            "after 100 ms: no first event.",
            "Attempt 2 at 'openai', model 'gpt-4o-mini' ended complete with the status 200 "
            "after 100 ms.",
            "The caller got 200, and the exchange ended complete.",
        ],
    }
    assert (await admin.get("/admin/requests/nothing/explain")).status_code == 404


def test_where_no_backend_was_asked_it_says_so() -> None:
    row = closed(outcome="refused", status_code=404, error_message="no such model", attempts=0)
    assert explain(RequestDetail(row)) == [
        "/v1/chat/completions asked for the model 'fast'. No backend was asked.",
        "The caller got 404, and the exchange ended refused: no such model.",
    ]


def test_a_reason_that_is_a_sentence_ends_with_one_period() -> None:
    row = closed(outcome="truncated", error_message="It broke.", request_model="m", losses=())
    made = settled(outcome="truncated", error_message="It broke.", routed_model="m")
    *_, tried, ended = explain(RequestDetail(row, (made,)))
    assert tried.endswith("after 100 ms: It broke.")
    assert ended.endswith("ended truncated: It broke.")
