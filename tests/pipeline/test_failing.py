"""From what went wrong to whether another attempt may help."""

import msgspec
import pytest

from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault
from headgate.pipeline.failing import failure_of, from_fault, from_status, too_slow
from headgate.routing.retry import Failure
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import FakeAnswer, refusal

NOW = 1000.0


def judged(answer: FakeAnswer, body: bytes = b"", relayed: bool = True) -> Failure:
    return from_status(answer, body, DIALECTS["chat"], relayed, NOW)


def body_of(message: str) -> bytes:
    return msgspec.json.encode({"error": {"message": message, "code": "c", "param": "p"}})


def test_a_target_that_cannot_be_reached_is_a_502() -> None:
    failure = failure_of(TargetUnreachable("its name does not resolve"))
    assert (failure.condition, failure.sent, failure.fault.http_status) == (
        "connect",
        "nothing",
        502,
    )
    assert "its name does not resolve" in failure.fault.message
    assert failure.fault.origin == "upstream"


def test_connecting_too_slowly_is_a_504() -> None:
    failure = failure_of(TargetUnreachable("connecting took too long", timed_out=True))
    assert (failure.condition, failure.fault.http_status) == ("timeout", 504)


@pytest.mark.parametrize(("stream", "words"), [(True, "first event"), (False, "answer in time")])
def test_a_backend_that_says_nothing_in_time_is_a_504(stream: bool, words: str) -> None:
    failure = too_slow(stream)
    assert (failure.condition, failure.sent) == ("timeout", "request")
    assert words in failure.fault.message


@pytest.mark.parametrize(
    ("status", "condition", "told"),
    [
        (400, None, 400),
        (401, "5xx", 502),
        (403, "5xx", 502),
        (404, None, 404),
        (408, "timeout", 504),
        (422, None, 422),
        (429, "429", 429),
        (500, "5xx", 502),
        (503, "5xx", 503),
        (529, "5xx", 503),
    ],
)
def test_a_status_tells_whether_another_attempt_may_help(
    status: int, condition: str | None, told: int
) -> None:
    failure = judged(refusal(status), body_of("no"))
    assert (failure.condition, failure.fault.http_status) == (condition, told)


@pytest.mark.parametrize("status", [301, 307, 399])
def test_a_redirect_is_the_operators_to_mend(status: int) -> None:
    failure = judged(refusal(status, location="http://elsewhere"))
    assert (failure.condition, failure.fault.http_status) == ("5xx", 502)
    assert "base_url" in failure.fault.message
    assert "elsewhere" not in failure.fault.message


def test_a_refusal_keeps_its_words_and_its_waiting_time() -> None:
    answer = refusal(429, retry_after="7", x_ratelimit_reset="9", server="s")
    fault = judged(answer, body_of("slowly")).fault
    assert (fault.message, fault.code, fault.param) == ("slowly", "c", "p")
    assert fault.retry_after_s == 7.0
    assert dict(fault.headers) == {"retry-after": "7", "x-ratelimit-reset": "9"}


def test_a_refusal_in_the_callers_dialect_passes_as_it_is() -> None:
    body = body_of("bad tool")
    assert judged(refusal(422), body).fault.native == body
    assert judged(refusal(422), body, relayed=False).fault.native == b""


@pytest.mark.parametrize("body", [b"<html>", b'{"error":"no"}', b'{"message":"no"}', b"[]", b""])
def test_what_is_not_the_dialects_own_error_is_told_anew(body: bytes) -> None:
    assert judged(refusal(422), body).fault.native == b""


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_what_concerns_only_the_operator_never_passes_as_it_is(status: int) -> None:
    fault = judged(refusal(status), body_of("key sk-123 is wrong")).fault
    assert fault.native == b""
    if status < 500:
        assert "sk-123" not in fault.message


def test_an_error_where_the_reply_should_stand_is_judged_by_its_kind() -> None:
    fault = Fault(kind="overloaded", message="busy")
    assert from_fault(fault) == Failure(fault, "5xx")
    assert from_fault(Fault(kind="invalid_request", message="no")).condition is None
