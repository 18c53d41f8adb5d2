"""The meter of a Gemini stream that is relayed as it is."""

import re

from headgate.dialects.facts import Facts
from headgate.dialects.gemini.reply_read import note
from headgate.dialects.metering import SseMeter, Verdict
from headgate.wire import json_text, sse

_INTEREST = re.compile(rb"usageMetadata|finishReason|blockReason|\"error\"|\[DONE\]")


def open_meter(hide_usage: bool) -> SseMeter:
    """A meter for one stream; usage stands beside content here and is never hidden."""
    return SseMeter(_INTEREST, _note)


def _note(facts: Facts, frame: sse.Frame) -> Verdict:
    response = json_text.object_or_none(frame.data)
    if response is None:
        return "last" if frame.data.strip() == b"[DONE]" else "idle"
    note(facts, response)
    if facts.fault is not None:
        facts.fault_relayed = True
        return "last"
    return "pass"
