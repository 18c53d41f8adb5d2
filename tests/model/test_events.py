"""The events and the check that holds readers to their grammar."""

from typing import get_args

import pytest

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Citation, Text
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage
from tests.grammar import check

STARTED = ev.Started("r1", "m")
OPENED = ev.BlockStarted(0, ev.TextBlock())
FAILED = ev.Failed(Fault(kind="overloaded", message="busy"))
FINISHED = ev.Finished("end")
WHOLE: list[ev.Event] = [
    STARTED,
    ev.BlockStarted(0, ev.ReasoningBlock()),
    ev.ReasoningDelta(0, "hm"),
    ev.StateAttached(0, OpaqueState("v", "s")),
    ev.BlockEnded(0),
    ev.BlockStarted(1, ev.TextBlock()),
    ev.BlockStarted(2, ev.ToolCallBlock("c", "f")),
    ev.TextDelta(1, "Hi"),
    ev.ArgumentsDelta(2, "{}"),
    ev.CitationAdded(1, Citation("u")),
    ev.BlockEnded(2),
    ev.BlockEnded(1),
    ev.PartAdded(Text("whole")),
    FINISHED,
    ev.UsageReported(Usage(1, 1)),
]


def test_there_are_thirteen_events_and_none_can_be_changed() -> None:
    kinds = get_args(ev.Event)
    assert len(kinds) == 13
    assert all(kind.__struct_config__.frozen for kind in kinds)


def test_a_whole_reply_is_a_sentence() -> None:
    check(WHOLE, whole=True)


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_every_beginning_may_be_cut_or_fail(length: int) -> None:
    check(WHOLE[:length])
    check([*WHOLE[:length], FAILED], whole=True)


@pytest.mark.parametrize(
    "events",
    [
        [OPENED],
        [STARTED, STARTED],
        [STARTED, OPENED, OPENED],
        [STARTED, OPENED, ev.BlockEnded(0), OPENED],
        [STARTED, OPENED, FINISHED],
        [STARTED, FINISHED, FINISHED],
        [STARTED, FINISHED, OPENED],
        [STARTED, FINISHED, ev.PartAdded(Text("late"))],
        [STARTED, OPENED, ev.TextDelta(0, "")],
        [STARTED, FAILED, FINISHED],
    ],
)
def test_what_is_no_sentence_is_found(events: list[ev.Event]) -> None:
    with pytest.raises(AssertionError):
        check(events)


@pytest.mark.parametrize(
    "delta",
    [
        ev.ReasoningDelta(0, "x"),
        ev.RefusalDelta(0, "x"),
        ev.ArgumentsDelta(0, "x"),
        ev.StateAttached(0, OpaqueState("v", "s")),
    ],
)
def test_a_delta_belongs_to_a_block_of_its_kind(delta: ev.Event) -> None:
    with pytest.raises(AssertionError):
        check([STARTED, OPENED, delta])


def test_a_reply_that_never_finishes_is_not_whole() -> None:
    with pytest.raises(AssertionError, match="never finished"):
        check([STARTED], whole=True)
