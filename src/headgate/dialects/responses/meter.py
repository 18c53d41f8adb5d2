"""Watches a stream that is relayed in its own dialect, and tells its failure if it breaks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.dialects.facts import Facts
from headgate.dialects.metering import SseMeter, Verdict
from headgate.dialects.responses import endings
from headgate.dialects.responses.errors import fault_in_band
from headgate.dialects.responses.open_output import Frames
from headgate.dialects.responses.resource import blank_resource
from headgate.dialects.responses.stream_write import fail_frames
from headgate.dialects.responses.usage import read_usage
from headgate.model.fault import Fault
from headgate.wire import json_text, sse
from headgate.wire.json_fields import fields, text

# One literal at the start: the scan is five times as fast as one for alternatives.
_INTEREST = re.compile(
    rb'r(?:esponse\.(?:crea|comp|canc|inco|in_p|queu|fail|\w++\.done)|ror["\r\n])'
)
_NUMBER = re.compile(rb"\s*:\s*(\d{1,15})")
_KEY = b'"sequence_number"'


@dataclass(slots=True)
class ResponsesFacts(Facts):
    """Facts, and the response's resource as the stream opened with it, unread."""

    opening: bytes = b""


class ResponsesMeter:
    """Relays one stream; see `headgate.dialects.dialect.Meter`."""

    def __init__(self) -> None:
        self._meter = SseMeter(_INTEREST, note)
        self._facts = ResponsesFacts()
        self.facts: Facts = self._facts
        self._meter.facts = self._facts

    def feed(self, data: bytes) -> bytes:
        """See `headgate.dialects.dialect.Meter.feed`."""
        return self._numbered(self._meter.feed(data))

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Meter.end`."""
        return self._numbered(self._meter.end())

    def _numbered(self, relayed: bytes) -> bytes:
        """Notes the last sequence number of what is relayed, without decoding it."""
        place = relayed.rfind(_KEY)
        if place >= 0:
            match = _NUMBER.match(relayed, place + len(_KEY))
            if match is not None:
                self._facts.sequence_number = int(match.group(1))
        return relayed


def open_meter(hide_usage: bool) -> ResponsesMeter:
    """A meter; usage is part of the last event here, so there is nothing to hide."""
    del hide_usage
    return ResponsesMeter()


def note(facts: Facts, frame: sse.Frame) -> Verdict:
    """Updates `facts` from a frame of a relayed stream and says what becomes of it.

    Failures are taken out: they are told once, in both forms, by `break_stream`.
    """
    if facts.fault is not None or frame.data.strip() == b"[DONE]":
        return "hide"
    value = json_text.object_or_none(frame.data)
    if value is None:
        return "pass"
    kind = text(value, "type") or frame.event
    if kind == "error" or (not kind.startswith("response.") and value.get("error")):
        facts.fault = fault_in_band(value)
        return "hide"
    look = _LOOKS.get(kind)
    if look is not None:
        return look(facts, fields(value, "response"), frame)
    return "told" if kind in _RETOLD or kind.endswith(".done") else "pass"


def break_stream(fault: Fault, facts: Facts) -> bytes:
    """The error frames that end a relayed stream, numbered on from its last event."""
    opening = facts.opening if isinstance(facts, ResponsesFacts) else b""
    value = json_text.object_or_none(opening) or {}
    blank = blank_resource(facts.id or "resp_unknown", facts.model, 0)
    return fail_frames(
        Frames(facts.sequence_number + 1), {**blank, **fields(value, "response")}, fault
    )


def close_stream(facts: Facts) -> bytes:
    """Nothing: a stream of this dialect that has finished has had its last event."""
    del facts
    return b""


def _note_opening(facts: Facts, response: dict[str, Any], frame: sse.Frame) -> Verdict:
    facts.id, facts.model = text(response, "id"), text(response, "model")
    if isinstance(facts, ResponsesFacts):
        facts.opening = frame.data
    return "told"


def _note_end(facts: Facts, response: dict[str, Any], frame: sse.Frame) -> Verdict:
    why = text(fields(response, "incomplete_details"), "reason")
    facts.usage = read_usage(response.get("usage"))
    facts.native_finish = why or text(response, "status") or None
    facts.id = facts.id or text(response, "id")
    facts.model = facts.model or text(response, "model")
    facts.finished = True
    return "last"


def _note_failure(facts: Facts, response: dict[str, Any], frame: sse.Frame) -> Verdict:
    facts.usage = read_usage(response.get("usage"))
    facts.fault = endings.failure(response) or fault_in_band(response.get("error"))
    return "hide"


_RETOLD = frozenset(("response.in_progress", "response.queued"))
"""Events with the whole resource once more, and in it the request's instructions and tools."""

_LOOKS: Mapping[str, Callable[[Facts, dict[str, Any], sse.Frame], Verdict]] = {
    "response.created": _note_opening,
    "response.completed": _note_end,
    "response.incomplete": _note_end,
    "response.failed": _note_failure,
    "response.cancelled": _note_failure,
}
