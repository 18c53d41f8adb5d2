"""Bedrock's token counts."""

from headgate.dialects.converse.usage import read_usage


def test_t38_cached_input_is_input() -> None:
    usage = read_usage(
        {
            "inputTokens": 10,
            "outputTokens": 7,
            "cacheReadInputTokens": 100,
            "cacheWriteInputTokens": 20,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}],
        }
    )

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (130, 7)
    assert (usage.cached_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens) == (
        100,
        20,
        15,
    )


def test_what_is_not_counted_is_unknown_and_a_zero_is_a_zero() -> None:
    usage = read_usage({"inputTokens": 0, "outputTokens": 0})

    assert read_usage({}) is None
    assert read_usage({"inputTokens": "x"}) is None
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (0, 0, None)
