import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.errors import (
    break_stream,
    choice_error,
    is_error,
    read_error,
    read_inband,
    write_error,
)
from headgate.dialects.facts import Facts
from headgate.model.fault import STATUS, Fault
from tests.dialects.chat.sample import encode


@pytest.mark.parametrize("kind", STATUS)
def test_every_fault_is_told_with_all_four_keys(kind: str) -> None:
    fault = Fault(kind=kind, message="m", param="p")  # type: ignore[arg-type]
    error = json.loads(write_error(fault, "req"))["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert (error["message"], error["param"], error["code"]) == ("m", "p", fault.public_code)
    assert error["type"]


def test_a_backends_own_words_are_kept() -> None:
    fault = read_error(
        400, encode({"error": {"message": "m", "type": "t", "param": "p", "code": "c"}})
    )
    assert json.loads(write_error(fault, "")) == {
        "error": {"message": "m", "type": "t", "param": "p", "code": "c"}
    }
    assert fault.http_status == 400


@pytest.mark.parametrize(
    ("value", "kind", "status"),
    [
        ({"error": {"message": "m", "code": 429}}, "rate_limited", 429),
        ({"error": {"message": "m", "code": "429"}}, "rate_limited", 429),
        ({"error": {"message": "m", "status_code": 503}}, "overloaded", 503),
        ({"error": {"message": "m", "type": "overloaded_error"}}, "overloaded", 503),
        ({"error": {"message": "m", "code": "insufficient_quota"}}, "quota_exhausted", 429),
        ({"error": {"message": "m", "type": "invalid_request_error"}}, "invalid_request", 400),
        ({"error": {"message": "m", "code": "invalid_api_key"}}, "upstream_auth", 502),
        ({"error": {"message": "m", "type": "server_error"}}, "upstream_error", 502),
        ({"error": {"message": "m", "code": 7}}, "upstream_error", 502),
        ({"error": "m"}, "upstream_error", 502),
        ("m", "upstream_error", 502),
        ({"object": "error", "message": "m", "code": 524}, "timeout", 504),
    ],
)
def test_an_error_in_band_names_its_status_in_numbers_or_words(
    value: object, kind: str, status: int
) -> None:
    fault = read_inband(value)
    assert (fault.kind, fault.http_status, fault.origin) == (kind, status, "upstream")


def test_chunks_are_no_errors_because_of_a_null() -> None:
    assert not is_error({"error": None, "choices": []})
    assert not is_error({"choices": [], "message": "x", "code": 5})
    assert is_error({"message": "x", "code": 5})
    assert choice_error({"finish_reason": "stop"}) is None
    assert choice_error({"finish_reason": "error"}) is not None


def test_the_error_event_of_a_relayed_stream_is_one_frame() -> None:
    frame = break_stream(Fault(kind="timeout", message="m"), Facts())
    assert frame.startswith(b'data: {"error":{')
    assert frame.count(b"\n\n") == 1
    assert frame.endswith(b"\n\n")


@given(st.integers(400, 599), st.binary(max_size=80))
@settings(max_examples=50)
def test_an_error_of_any_shape_is_a_fault(status: int, body: bytes) -> None:
    fault = read_error(status, body)
    assert fault.message
    assert fault.origin == "upstream"
