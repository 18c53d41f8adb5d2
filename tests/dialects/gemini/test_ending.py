"""Finish reasons."""

from typing import Any

import pytest

from headgate.dialects.gemini.ending import native_reason, reason_of


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("STOP", "end"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "filtered"),
        ("SPII", "filtered"),
        ("MALFORMED_FUNCTION_CALL", "broken_tool_call"),
        ("SOMETHING_NEW", "unknown"),
    ],
)
def test_words_are_told_in_the_hubs_vocabulary(native: str, reason: str) -> None:
    assert reason_of(native_reason(native)) == reason


@pytest.mark.parametrize(
    ("value", "native"),
    [
        (1, "STOP"),
        (9, "MALFORMED_FUNCTION_CALL"),
        (99, "OTHER"),
        (0, ""),
        (-1, "OTHER"),
        (True, ""),
        (None, ""),
        ({}, ""),
        ("FINISH_REASON_UNSPECIFIED", ""),
    ],
)
def test_numbers_and_nonsense_are_read(value: Any, native: str) -> None:
    assert native_reason(value) == native
