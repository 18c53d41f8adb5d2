"""Errors have the vendors' own words."""

import pytest

from headgate.mock.voice import error_type


@pytest.mark.parametrize(
    ("status", "openai", "anthropic", "google"),
    [
        (429, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"),
        (529, "server_error", "overloaded_error", "UNAVAILABLE"),
        (418, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"),
        (599, "server_error", "api_error", "INTERNAL"),
    ],
)
def test_a_status_has_a_word_with_every_vendor(
    status: int, openai: str, anthropic: str, google: str
) -> None:
    assert error_type(status, "openai") == openai
    assert error_type(status, "anthropic") == anthropic
    assert error_type(status, "google") == google
