"""The meter of Converse streams."""

import pytest

from headgate.dialects.converse.meter import open_meter
from headgate.model.fault import StreamBroken
from tests.dialects.converse.drive import METADATA, START, delta, exception, stop, stream

WHOLE = stream(START, delta(0, text="hello"), stop("max_tokens"), METADATA)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_whole_frames_are_relayed_byte_for_byte_and_counted(size: int) -> None:
    meter = open_meter(True)
    relayed = b"".join(meter.feed(WHOLE[at : at + size]) for at in range(0, len(WHOLE), size))

    assert relayed + meter.end() == WHOLE
    facts = meter.facts
    assert (facts.events, facts.finished, facts.terminated) == (4, True, True)
    assert facts.native_finish == "max_tokens"
    assert facts.usage is not None
    assert facts.usage.total_tokens == 8
    assert facts.output_bytes > 0
    assert meter.feed(WHOLE) == b""


def test_half_a_frame_is_held_and_dropped_at_the_end() -> None:
    meter = open_meter(False)

    assert meter.feed(WHOLE[:-3]) == stream(START, delta(0, text="hello"), stop("max_tokens"))
    assert meter.end() == b""
    assert meter.facts.finished
    assert not meter.facts.terminated


def test_an_exception_is_relayed_as_the_last_frame_and_noted() -> None:
    meter = open_meter(False)
    data = stream(START) + exception("throttlingException", "slow")

    assert meter.feed(data + WHOLE) == data
    assert meter.facts.fault is not None
    assert (meter.facts.fault.kind, meter.facts.fault_relayed) == ("rate_limited", True)


def test_bytes_that_are_no_frames_break_the_stream() -> None:
    with pytest.raises(StreamBroken):
        open_meter(False).feed(b"data: this is something else\n\n")
