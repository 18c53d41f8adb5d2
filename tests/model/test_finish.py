from typing import get_args

import pytest

from headgate.model.finish import FinishReason, settle


@pytest.mark.parametrize("reason", ["end", "unknown", "stop_sequence", "tools"])
def test_a_reply_that_calls_a_tool_ends_with_tools(reason: FinishReason) -> None:
    assert settle(reason, tool_called=True) == "tools"


def test_a_reply_that_calls_no_tool_does_not() -> None:
    assert settle("tools", tool_called=False) == "end"


@pytest.mark.parametrize("reason", [r for r in get_args(FinishReason) if r != "tools"])
def test_without_a_call_every_other_reason_stands(reason: FinishReason) -> None:
    assert settle(reason, tool_called=False) == reason


@pytest.mark.parametrize("reason", ["length", "context_full", "refusal", "filtered", "pause"])
def test_what_was_cut_or_refused_stays_so_beside_a_call(reason: FinishReason) -> None:
    assert settle(reason, tool_called=True) == reason
