from typing import Any

import pytest

from headgate.dialects.chat.finish import read_finish, refusal_of, write_finish
from headgate.model.events import Finished
from headgate.model.finish import FinishReason


@pytest.mark.parametrize(
    ("choice", "called", "reason"),
    [
        ({"finish_reason": "stop"}, False, "end"),
        ({"finish_reason": "stop"}, True, "tools"),
        ({"finish_reason": "tool_calls"}, False, "end"),
        ({"finish_reason": "length"}, True, "length"),
        ({"finish_reason": "content_filter"}, False, "filtered"),
        ({"finish_reason": "STOP"}, False, "end"),
        ({"finish_reason": "eos"}, False, "end"),
        ({"finish_reason": ""}, True, "tools"),
        ({"finish_reason": None}, False, "unknown"),
        ({"finish_reason": "new_word"}, False, "unknown"),
        ({"finish_reason": 5}, False, "unknown"),
    ],
)
def test_t23_the_reason_follows_from_the_word_and_the_calls(
    choice: dict[str, Any], called: bool, reason: FinishReason
) -> None:
    assert read_finish({**choice, "index": 0}, called, False).reason == reason


@pytest.mark.parametrize("field", ["stop_reason", "matched_stop"])
def test_the_stop_sequence_is_known_where_the_server_names_it(field: str) -> None:
    finish = read_finish({"index": 0, "finish_reason": "stop", field: "END"}, False, False)
    assert (finish.reason, finish.sequence) == ("stop_sequence", "END")
    assert (
        read_finish({"index": 0, "finish_reason": "stop", field: 106}, False, False).reason == "end"
    )


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("end", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("context_full", "length"),
        ("tools", "tool_calls"),
        ("pause", "stop"),
        ("refusal", "content_filter"),
        ("filtered", "content_filter"),
        ("broken_tool_call", "stop"),
        ("unknown", "stop"),
    ],
)
def test_t27_t28_every_reason_has_a_word(reason: FinishReason, word: str) -> None:
    assert write_finish(Finished(reason), False) == word


def test_only_a_refusals_explanation_is_a_refusal() -> None:
    assert refusal_of(Finished("filtered", explanation="because")) == "because"
    assert refusal_of(Finished("tools", explanation="a call was made")) is None


def test_a_refusal_in_words_is_an_ordinary_stop() -> None:
    assert write_finish(Finished("refusal"), True) == "stop"
    assert write_finish(Finished("filtered"), True) == "content_filter"
