"""What is noted of a stream while its bytes pass in this dialect, and of a whole reply."""

import re
from typing import Any

from headgate.dialects.facts import Facts
from headgate.dialects.messages import frames
from headgate.dialects.messages.errors import fault_in_band, is_error
from headgate.dialects.messages.usage import read_usage
from headgate.dialects.metering import SseMeter, Verdict
from headgate.model.fault import StreamBroken
from headgate.wire import json_fields, json_text, sse

_INTEREST = re.compile(rb'message_(?:start|delta|stop)|"(?:error|ping)"|event: ?error')


def open_meter(hide_usage: bool) -> SseMeter:
    """A meter for one stream. Usage is never hidden: in this dialect everybody gets it."""
    del hide_usage
    return SseMeter(_INTEREST, _Notes().note)


def close_stream(facts: Facts) -> bytes:
    """The terminator that a whole stream lacked."""
    return b"" if facts.terminated else frames.MESSAGE_STOP


def read_facts(body: bytes) -> Facts:
    """The facts of a whole reply. Raises StreamBroken where it is none."""
    value = json_text.object_or_none(body)
    if value is None:
        raise StreamBroken("the reply is not a JSON object")
    if is_error(value):
        return Facts(events=1, fault=fault_in_band(value))
    content = value.get("content")
    if not isinstance(content, list):
        raise StreamBroken("the reply has no content")
    usage = json_fields.fields(value, "usage")
    return Facts(
        events=1,
        finished=True,
        terminated=True,
        usage=read_usage(usage) if usage else None,
        id=json_fields.text(value, "id"),
        model=json_fields.text(value, "model"),
        output_bytes=len(body),
        native_finish=json_fields.text(value, "stop_reason") or None,
    )


class _Notes:
    """The notes on one stream. Usage comes in pieces that are laid over each other."""

    def __init__(self) -> None:
        self._usage: dict[str, Any] = {}

    def note(self, facts: Facts, frame: sse.Frame) -> Verdict:
        """See `headgate.dialects.metering.SseMeter`."""
        if facts.fault is not None:
            return "hide"
        value = json_text.object_or_none(frame.data)
        if value is None:
            return "idle"
        kind = value.get("type") or frame.event
        if kind == "error" or is_error(value):
            facts.fault = fault_in_band(value)
            facts.fault_relayed = frame.event == "error"
            # Official clients overlook an error without its event name; ours follows it then.
            return "last" if facts.fault_relayed else "hide"
        if kind == "ping":
            return "idle"
        if kind == "message_stop":
            facts.finished = True
            return "last"
        if kind == "message_start":
            self._start(facts, json_fields.fields(value, "message"))
        elif kind == "message_delta":
            self._delta(facts, value)
        return "pass"

    def _start(self, facts: Facts, message: dict[str, Any]) -> None:
        facts.id = facts.id or json_fields.text(message, "id")
        facts.model = facts.model or json_fields.text(message, "model")
        self._count(facts, json_fields.fields(message, "usage"))

    def _delta(self, facts: Facts, value: dict[str, Any]) -> None:
        reason = json_fields.text(json_fields.fields(value, "delta"), "stop_reason")
        if reason:
            facts.finished = True
            facts.native_finish = reason
        self._count(facts, json_fields.fields(value, "usage"))

    def _count(self, facts: Facts, usage: dict[str, Any]) -> None:
        if usage:
            self._usage.update((k, v) for k, v in usage.items() if v is not None)
            facts.usage = read_usage(self._usage)
