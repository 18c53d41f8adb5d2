"""Stop reasons."""

import pytest

from headgate.dialects.converse.ending import read_finish
from headgate.model.events import Finished


@pytest.mark.parametrize(
    ("native", "called", "reason"),
    [
        ("end_turn", False, "end"),
        ("end_turn", True, "tools"),
        ("tool_use", True, "tools"),
        ("max_tokens", True, "length"),
        ("guardrail_intervened", False, "filtered"),
        ("content_filtered", False, "filtered"),
        ("model_context_window_exceeded", False, "context_full"),
        ("malformed_tool_use", False, "broken_tool_call"),
        ("something_new", False, "unknown"),
    ],
)
def test_words_are_told_in_the_hubs_vocabulary(native: str, called: bool, reason: str) -> None:
    finish = read_finish({"stopReason": native}, called)

    assert (finish.reason, finish.native) == (reason, native)


@pytest.mark.parametrize("more", [{"stop_sequence": "END"}, {"delta": {"stop_sequence": "END"}}])
def test_the_stop_sequence_is_named(more: dict[str, object]) -> None:
    stop = {"stopReason": "stop_sequence", "additionalModelResponseFields": more}

    assert read_finish(stop, False).sequence == "END"


def test_a_missing_reason_is_unknown() -> None:
    assert read_finish({}, False) == Finished("unknown")
