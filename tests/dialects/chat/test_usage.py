from typing import Any

import pytest

from headgate.dialects.chat.usage import read_usage, write_usage
from headgate.model.usage import Usage


def usage(**fields: Any) -> Usage:
    found = read_usage(fields)
    assert found is not None
    return found


def test_all_counts_are_read_and_the_rest_is_kept() -> None:
    found = usage(
        prompt_tokens=10,
        completion_tokens=5,
        total_tokens=15,
        prompt_tokens_details={"cached_tokens": 4, "cache_write_tokens": 2, "audio_tokens": 1},
        completion_tokens_details={"reasoning_tokens": 3},
        cost=0.5,
    )
    assert found == Usage(
        10, 5, 4, 2, None, 3, "chat", {"cost": 0.5, "prompt_tokens_details": {"audio_tokens": 1}}
    )


def test_t41_reasoning_that_was_left_out_is_added() -> None:
    found = usage(
        prompt_tokens=291,
        completion_tokens=26,
        total_tokens=513,
        completion_tokens_details={"reasoning_tokens": 196},
    )
    assert (found.output_tokens, found.reasoning_tokens, found.total_tokens) == (222, 196, 513)
    assert found.extras is None


@pytest.mark.parametrize("field", ["prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens"])
def test_t38_cached_input_has_many_names(field: str) -> None:
    assert usage(prompt_tokens=9, completion_tokens=1, **{field: 4}).cached_tokens == 4


def test_an_explicit_zero_is_a_zero_and_silence_is_none() -> None:
    found = usage(prompt_tokens=0, completion_tokens=0, prompt_tokens_details={"cached_tokens": 0})
    assert (found.input_tokens, found.cached_tokens, found.reasoning_tokens) == (0, 0, None)


@pytest.mark.parametrize("value", [None, 5, {}, {"prompt_tokens": None}, {"prompt_tokens": "3"}])
def test_what_holds_no_count_is_no_usage(value: Any) -> None:
    assert read_usage(value) is None


def test_t40_both_details_are_always_there_with_whole_numbers() -> None:
    assert write_usage(Usage(3, None)) == {
        "prompt_tokens": 3,
        "completion_tokens": 0,
        "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def test_a_vendors_own_fields_come_back_and_foreign_ones_do_not() -> None:
    said = {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 1, "text_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 0},
        "queue_time": 0.1,
    }
    assert write_usage(usage(**said)) == said
    assert "x" not in write_usage(Usage(1, 1, dialect="messages", extras={"x": 1}))
