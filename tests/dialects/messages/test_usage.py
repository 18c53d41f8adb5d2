from typing import Any

import pytest

from headgate.dialects.messages.usage import closing_usage, opening_usage, read_usage, write_usage
from headgate.model.usage import Usage

NATIVE = {
    "input_tokens": 10,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 20,
    "cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 5},
    "output_tokens": 7,
    "output_tokens_details": {"thinking_tokens": 3},
    "service_tier": "standard",
    "server_tool_use": {"web_search_requests": 2},
}


def test_t38_input_is_all_input() -> None:
    usage = read_usage(NATIVE)
    assert usage.input_tokens == 130
    assert usage.cached_tokens == 100
    assert usage.cache_write_tokens == 20
    assert usage.cache_write_1h_tokens == 5
    assert usage.output_tokens == 7
    assert usage.reasoning_tokens == 3


def test_t38_the_uncached_part_is_what_is_left() -> None:
    assert write_usage(Usage(130, 7, 100, 20), 0) == {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 7,
    }


def test_the_vendors_own_object_comes_back() -> None:
    assert write_usage(read_usage(NATIVE), 0) == NATIVE


def test_more_cached_than_all_is_no_negative_count() -> None:
    assert write_usage(Usage(5, 1, cached_tokens=9), 0)["input_tokens"] == 0


def test_t39_counts_are_integers_even_where_nothing_is_known() -> None:
    expected = {
        "input_tokens": 12,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "output_tokens": 0,
    }
    assert write_usage(None, 12) == expected
    assert opening_usage(None, 12) == expected


def test_an_explicit_zero_is_a_zero() -> None:
    assert write_usage(Usage(0, 0), 12)["input_tokens"] == 0
    assert read_usage({"input_tokens": 0}).input_tokens == 0


def test_foreign_reasoning_is_told() -> None:
    written = write_usage(Usage(1, 9, reasoning_tokens=4, dialect="chat", extras={"x": 1}), 0)
    assert written["output_tokens_details"] == {"thinking_tokens": 4}
    assert "x" not in written


def test_the_closing_object_repeats_nothing_of_the_opening_one() -> None:
    closing = closing_usage(read_usage(NATIVE), 0)
    assert closing["server_tool_use"] == {"web_search_requests": 2}
    assert not {"service_tier", "cache_creation"} & closing.keys()


@pytest.mark.parametrize("value", [None, "7", -1, True, 1.5, float("inf"), [], {}])
def test_what_is_no_count_is_unknown(value: Any) -> None:
    usage = read_usage({"input_tokens": value, "output_tokens": value, "cache_creation": value})
    assert usage.input_tokens is None
    assert usage.output_tokens is None


def test_a_whole_float_is_a_count() -> None:
    assert read_usage({"input_tokens": 3.0}).input_tokens == 3
