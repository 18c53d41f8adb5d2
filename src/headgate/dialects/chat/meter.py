"""The meter of relayed chat streams."""

import functools
import re

from headgate.dialects.chat.errors import choice_error, is_error, read_inband
from headgate.dialects.chat.lenient import Json, object_in, objects_in, text_in
from headgate.dialects.chat.usage import read_usage
from headgate.dialects.facts import Facts
from headgate.dialects.metering import SseMeter, Verdict
from headgate.model.fault import StreamBroken
from headgate.model.usage import merge
from headgate.wire import json_text, sse

_INTEREST = re.compile(rb'"(?:(?:finish_reason|usage|error)"\s*:\s*[^n\s]|object"\s*:\s*"error")')
_MARKS = (b"[DONE]", b"event: error", b"event:error")


def open_meter(hide_usage: bool) -> SseMeter:
    """See `headgate.dialects.dialect.BackendHalf.open_meter`."""
    return SseMeter(_INTEREST, functools.partial(_note, hide_usage), _MARKS)


def _note(hide_usage: bool, facts: Facts, frame: sse.Frame) -> Verdict:
    if facts.fault is not None:
        return "hide"
    if frame.data.strip() == b"[DONE]":
        return "last"
    chunk = json_text.object_or_none(frame.data)
    choices = [] if chunk is None else objects_in(chunk.get("choices"))
    if frame.event == "error" or (chunk is not None and _is_broken(chunk, choices)):
        return _note_error(chunk, facts, frame)
    if chunk is None:
        return "pass" if frame.data.strip() else "idle"
    _note_chunk(chunk, choices, facts)
    only_usage = chunk.get("choices") == [] and bool(chunk.get("usage"))
    return "hide" if hide_usage and only_usage else "pass"


def _is_broken(chunk: Json, choices: list[Json]) -> bool:
    return is_error(chunk) or any(map(choice_error, choices))


def _note_error(chunk: Json | None, facts: Facts, frame: sse.Frame) -> Verdict:
    """An error that the caller's client knows as one passes as it is; any other is taken out and
    told in the dialect's own words."""
    error = next(filter(None, map(choice_error, objects_in((chunk or {}).get("choices")))), None)
    said = error if error is not None and not (chunk or {}).get("error") else chunk
    facts.fault = read_inband(said or frame.data.decode("utf-8", "replace"))
    own = object_in((chunk or {}).get("error"))
    if isinstance(own.get("message"), str) and "choices" not in (chunk or {}):
        facts.fault_relayed = True
        return "last"
    return "hide"


def _note_chunk(chunk: Json, choices: list[Json], facts: Facts) -> None:
    """Notes what a chunk or a whole reply says of itself."""
    facts.id = facts.id or text_in(chunk.get("id"))
    facts.model = facts.model or text_in(chunk.get("model"))
    for choice in choices:
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            facts.finished = True
            facts.native_finish = reason
    said = chunk.get("usage") or ("x_groq" in chunk and object_in(chunk["x_groq"]).get("usage"))
    usage = read_usage(said) if said else None
    if usage is not None:
        facts.usage = usage if facts.usage is None else merge(facts.usage, usage)


def read_facts(body: bytes) -> Facts:
    """See `headgate.dialects.dialect.BackendHalf.read_facts`; an error body under status 200 is
    noted as the facts' fault."""
    reply = json_text.object_or_none(body)
    if reply is None:
        raise StreamBroken("the reply is no JSON object")
    facts = Facts(events=1, output_bytes=len(body), terminated=True)
    choices = objects_in(reply.get("choices"))
    if _is_broken(reply, choices):
        facts.fault = read_inband(reply)
        return facts
    if not choices and not isinstance(reply.get("choices"), list):
        raise StreamBroken("the reply has no choices")
    _note_chunk(reply, choices, facts)
    facts.finished = True
    return facts
