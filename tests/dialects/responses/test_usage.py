from typing import Any

import pytest

from headgate.dialects.responses.usage import read_usage, write_usage
from headgate.model.usage import Usage


def test_all_input_and_all_output_are_counted() -> None:
    usage = read_usage(
        {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 17,
        }
    )
    assert usage == Usage(10, 7, 4, 1, None, 5, "responses")


@pytest.mark.parametrize("value", [None, 3, {}, {"input_tokens": None}])
def test_usage_that_says_nothing_is_none(value: Any) -> None:
    assert read_usage(value) is None


def test_an_explicit_zero_is_a_zero() -> None:
    usage = read_usage({"input_tokens": 0, "output_tokens": 0})
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (0, 0, None)


def test_what_else_a_vendor_counts_comes_back() -> None:
    native = {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "text_tokens": 1},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0, "odd": 9},
        "total_tokens": 3,
        "num_sources_used": 4,
    }
    assert write_usage(read_usage(native)) == native


def test_t40_unknown_counts_are_integers_for_strict_clients() -> None:
    assert write_usage(Usage(3, None)) == {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 3,
    }
    assert write_usage(None) is None


def test_extras_of_another_dialect_stay_there() -> None:
    usage = Usage(1, 2, dialect="chat", extras={"prompt_tokens": 1})
    written = write_usage(usage)
    assert written is not None
    assert "prompt_tokens" not in written
