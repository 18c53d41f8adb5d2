"""The meter of Gemini streams."""

from typing import Any

import pytest

from headgate.dialects.gemini.meter import open_meter
from tests import recordings
from tests.dialects.gemini.drive import read, response, stream
from tests.streams import fold


@pytest.mark.parametrize("row", recordings.streams("gemini"))
@pytest.mark.parametrize("size", [9, 1000])
def test_every_recording_is_relayed_byte_for_byte_and_counted(
    row: dict[str, Any], size: int
) -> None:
    data = row["sse"].encode()
    meter = open_meter(True)
    relayed = b"".join(meter.feed(data[at : at + size]) for at in range(0, len(data), size))
    reply = fold(read(data))

    assert relayed + meter.end() == data
    assert meter.facts.finished
    assert meter.facts.usage is not None
    assert meter.facts.usage == reply.usage
    assert (meter.facts.id, meter.facts.model) == (reply.id, reply.model)
    assert meter.facts.events == data.count(b"data: ")


def test_an_error_is_a_fault() -> None:
    meter = open_meter(False)
    data = stream(response({"text": "a"}), {"error": {"code": 429, "message": "slow"}})

    assert meter.feed(data) == data
    assert meter.facts.fault is not None
    assert (meter.facts.fault.kind, meter.facts.fault_relayed) == ("rate_limited", True)
    assert meter.feed(data) == b""
    assert not meter.facts.finished


def test_done_is_a_terminator_and_nonsense_is_passed_on() -> None:
    meter = open_meter(False)
    said = stream(response({"text": "a"}, finishReason="STOP"))
    data = b"data: nonsense\n\n" + said + b"data: [DONE]\n\n"

    assert meter.feed(data + stream(response({"text": "late"}))) == data
    assert meter.facts.terminated
    assert meter.facts.events == 1
