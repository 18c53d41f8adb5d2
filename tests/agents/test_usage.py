from types import SimpleNamespace

import pytest

from headgate.agents.usage import estimated, reported, tokens_in


@pytest.mark.parametrize(
    "said",
    [
        {"prompt_tokens": 10, "completion_tokens": 4},
        {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14},
    ],
)
def test_what_the_agent_says_of_its_run_counts(said: dict[str, int]) -> None:
    usage = reported(SimpleNamespace(last_usage=said))
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (10, 4, 14)


@pytest.mark.parametrize("said", [None, {}, "many", {"prompt_tokens": "many"}, 7])
def test_what_counts_nothing_is_no_usage(said: object) -> None:
    assert reported(SimpleNamespace(last_usage=said)) is None
    assert reported(object()) is None


def test_an_estimate_says_that_it_is_one() -> None:
    usage = estimated("12345", "1234", "chat")
    assert (usage.input_tokens, usage.output_tokens) == (2, 1)
    assert usage.extras == {"estimated": True}
    assert tokens_in("") == 0
