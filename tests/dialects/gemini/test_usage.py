"""Gemini's token counts."""

from headgate.dialects.gemini.usage import read_usage


def test_thoughts_are_output_and_tool_prompts_are_input() -> None:
    usage = read_usage(
        {
            "promptTokenCount": 15,
            "toolUsePromptTokenCount": 770,
            "cachedContentTokenCount": 4,
            "candidatesTokenCount": 37,
            "thoughtsTokenCount": 742,
            "totalTokenCount": 1564,
        }
    )

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (785, 779, 1564)
    assert (usage.cached_tokens, usage.reasoning_tokens) == (4, 742)


def test_the_traffic_type_alone_is_no_usage() -> None:
    assert read_usage({"trafficType": "ON_DEMAND"}) is None


def test_a_zero_that_protobuf_leaves_out_is_a_zero() -> None:
    usage = read_usage({"promptTokenCount": 9, "totalTokenCount": 9})

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == (9, 0, None)


def test_counts_of_a_wrong_type_count_nothing() -> None:
    usage = read_usage({"promptTokenCount": "many", "candidatesTokenCount": -3})

    assert usage is not None
    assert usage.total_tokens == 0
