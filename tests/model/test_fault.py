from typing import get_args

import pytest

from headgate.model.fault import (
    CODES,
    STATUS,
    Fault,
    FaultKind,
    Refused,
    Untranslatable,
    bad_request,
    expect_method,
)

KINDS = get_args(FaultKind)


def test_every_kind_has_a_status_of_an_error() -> None:
    assert set(STATUS) == set(KINDS)
    assert all(400 <= status <= 599 for status in STATUS.values())
    assert set(CODES) <= set(KINDS)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("invalid_api_key", 401, "invalid_api_key"),
        ("permission_denied", 403, "permission_denied"),
        ("model_not_found", 404, "model_not_found"),
        ("invalid_request", 400, "invalid_request"),
        ("request_too_large", 413, "request_too_large"),
        ("rate_limited", 429, "rate_limit_exceeded"),
        ("quota_exhausted", 429, "insufficient_quota"),
        ("policy_violation", 403, "policy_violation"),
        ("upstream_error", 502, "upstream_error"),
        ("upstream_auth", 502, "upstream_auth"),
        ("timeout", 504, "request_timeout"),
        ("overloaded", 503, "overloaded"),
        ("auth_unavailable", 503, "auth_unavailable"),
        ("gateway_restarting", 503, "gateway_restarting"),
    ],
)
def test_statuses_and_codes_are_the_contracts(kind: FaultKind, status: int, code: str) -> None:
    fault = Fault(kind=kind, message="m")
    assert (fault.http_status, fault.public_code) == (status, code)


def test_a_backends_own_status_and_code_are_kept() -> None:
    fault = Fault(kind="invalid_request", message="m", status=422, code="bad_tool")
    assert (fault.http_status, fault.public_code) == (422, "bad_tool")


def test_a_refusal_carries_its_fault() -> None:
    fault = Fault(kind="overloaded", message="busy")
    assert Refused(fault).fault is fault
    assert str(Refused(fault)) == "busy"


def test_a_bad_request_names_the_field() -> None:
    fault = bad_request("'model' is missing.", "model").fault
    assert (fault.kind, fault.param, fault.message) == (
        "invalid_request",
        "model",
        "'model' is missing.",
    )


def test_another_method_is_refused_with_those_that_are_taken() -> None:
    expect_method("HEAD", "GET", "HEAD")
    with pytest.raises(Refused, match="GET and HEAD only") as refused:
        expect_method("POST", "GET", "HEAD")
    assert refused.value.fault.http_status == 405
    assert refused.value.fault.headers == (("allow", "GET, HEAD"),)


def test_what_cannot_be_translated_is_a_refusal_that_names_the_field() -> None:
    error = Untranslatable("background", "It cannot.")
    assert isinstance(error, Refused)
    assert (error.fault.http_status, error.fault.param) == (400, "background")
