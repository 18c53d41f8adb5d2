"""The meter of relayed streams of endpoints: pictures, sound and transcripts as they come.

They have no common last word: ``[DONE]`` is one where it comes; else the reply is whole where the
last event's type ends in ``.completed`` or ``.done`` (several pictures bring several of them).
"""

import re

from headgate.dialects.chat.errors import is_error, read_inband
from headgate.dialects.chat.lenient import objects_in, text_in
from headgate.dialects.endpoints.facts import usage_of
from headgate.dialects.endpoints.row import Row
from headgate.dialects.facts import Facts
from headgate.dialects.metering import SseMeter, Verdict
from headgate.model.usage import merge
from headgate.wire import json_text, sse

_EVERY_FRAME = re.compile(rb"data")
_OF_INTEREST = re.compile(
    rb'"(?:type"\s*:\s*"[a-z_.]*\.(?:done|completed)"|finish_reason"\s*:\s*"'
    rb'|usage"\s*:\s*\{|error"\s*:\s*[^n\s]|type"\s*:\s*"error")'
)


class EndpointMeter:
    """See `headgate.dialects.dialect.Meter`."""

    def __init__(self, row: Row) -> None:
        self._sse = SseMeter(_EVERY_FRAME, self._note)
        self._generates = row.generates
        self._said_last = False
        self.facts = self._sse.facts

    def feed(self, data: bytes) -> bytes:
        """See `headgate.dialects.dialect.Meter.feed`."""
        relayed = self._sse.feed(data)
        self._forget_sizes()
        return relayed

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Meter.end`."""
        relayed = self._sse.end()
        self._forget_sizes()
        # Not before: a backend that has finished is given little time, and more may follow here.
        self.facts.finished = self.facts.finished or self._said_last
        return relayed

    def _forget_sizes(self) -> None:
        """The bytes of pictures and sound say nothing about tokens."""
        if not self._generates:
            self.facts.output_bytes = 0

    def _note(self, facts: Facts, frame: sse.Frame) -> Verdict:
        if facts.fault is not None:
            return "hide"
        data = frame.data.strip()
        if not data:
            return "idle"
        if data == b"[DONE]":
            facts.finished = True
            return "last"
        self._said_last = False
        # The rest of a picture's event is megabytes of base64, which nobody needs decoded.
        event = json_text.object_or_none(data) if _OF_INTEREST.search(data) else None
        if frame.event == "error" or (event is not None and is_error(event)):
            facts.fault = read_inband(event or data.decode("utf-8", "replace"))
            facts.fault_relayed = True
            return "last"
        if event is not None:
            kind = text_in(event.get("type"))
            ends = any(text_in(c.get("finish_reason")) for c in objects_in(event.get("choices")))
            self._said_last = ends or kind.endswith((".done", ".completed"))
            usage = usage_of(event)
            facts.usage = facts.usage if usage is None else merge(facts.usage, usage)
            facts.model = facts.model or text_in(event.get("model"))
        return "pass"
