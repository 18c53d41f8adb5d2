import pytest

from headgate.pipeline.passing import of_body, retry_after_s, to_backend, to_caller

NOW = 1_700_000_000.0


def test_features_pass_to_the_backend_and_nothing_of_the_callers_own() -> None:
    headers = {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "a,b",
        "authorization": "Bearer k",
        "x-api-key": "k",
        "cookie": "c=1",
        "x-headgate-anything": "1",
        "traceparent": "00-1",
        "x-forwarded-for": "10.0.0.1",
        "openai-organization": "org",
        "host": "gateway",
        "content-length": "3",
        "x-client-request-id": "r1",
        "x-app": "cli",
    }
    assert dict(to_backend(headers)) == {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "a,b",
        "x-client-request-id": "r1",
        "x-app": "cli",
    }


def test_limits_and_waiting_times_pass_to_the_caller() -> None:
    headers = {
        "retry-after": "30",
        "anthropic-ratelimit-unified-status": "rejected",
        "x-ratelimit-remaining-requests": "9",
        "x-should-retry": "false",
        "request-id": "req_up",
        "set-cookie": "c=1",
        "server": "cloudflare",
        "content-encoding": "gzip",
    }
    assert dict(to_caller(headers)) == {
        "retry-after": "30",
        "anthropic-ratelimit-unified-status": "rejected",
        "x-ratelimit-remaining-requests": "9",
        "x-should-retry": "false",
        "x-upstream-request-id": "req_up",
    }


def test_a_header_that_could_split_the_answer_does_not_pass() -> None:
    assert to_caller({"retry-after": "1\r\nset-cookie: x"}) == ()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2000 22:13:50 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_a_waiting_time_is_read_in_every_form(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers, NOW) == seconds


def test_what_a_body_is_passes_with_it() -> None:
    headers = {
        "content-type": "audio/mpeg",
        "content-length": "10",
        "content-disposition": "attachment",
        "content-encoding": "gzip",
        "set-cookie": "x",
    }
    assert dict(of_body(headers)) == {
        "content-type": "audio/mpeg",
        "content-length": "10",
        "content-disposition": "attachment",
    }
    assert of_body({"content-length": "10, 10"}) == ()
