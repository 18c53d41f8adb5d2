"""The answer in a row of the request log, read back, in whichever form the log kept it."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.dialect import Dialect
from headgate.model import events as ev
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Part, Reasoning, Text, ToolCall
from headgate.model.reply import Choice, Fold, Reply
from headgate.wire import json_text

_SOURCE = Source()


def logged_reply(dialect: Dialect, body: str | None) -> Reply | None:
    """The answer; None where it is none: an error, or cut short by the log's bound."""
    if not body:
        return None
    said = json_text.object_or_none(body)
    if said is None:
        return _from_stream(dialect, body)
    if "choices" not in said and isinstance(said.get("raw_sse"), str):
        return _from_stream(dialect, said["raw_sse"])
    if str(said.get("format", "")).endswith("_stream.compact.v1"):
        return _from_compact(said)
    return _from_whole(dialect, body)


def logged_stream(body: str | None) -> tuple[str, str] | None:
    """What the log kept of a stream, and its media type: the event stream itself where it was
    kept, else its compact form. None where `body` is neither."""
    if not body:
        return None
    said = json_text.object_or_none(body)
    if said is None:
        return body, "text/event-stream"
    kind = str(said.get("format", ""))
    if kind.endswith("_stream.raw.v1") and isinstance(said.get("raw_sse"), str):
        return said["raw_sse"], "text/event-stream"
    return (body, "application/json") if kind.endswith("_stream.compact.v1") else None


def _from_whole(dialect: Dialect, body: str) -> Reply | None:
    try:
        return dialect.backend.read_reply(body.encode(), _SOURCE)
    except (StreamBroken, Refused):
        return None


def _from_stream(dialect: Dialect, body: str) -> Reply | None:
    reader, fold = dialect.backend.open_reader(_SOURCE), Fold()
    try:
        events = [*reader.feed(body.encode()), *reader.end()]
    except StreamBroken:
        return None
    for event in events:
        if not isinstance(event, ev.Failed):
            fold.add(event)
    reply = fold.reply()
    return reply if any(choice.parts for choice in reply.choices) else None


def _from_compact(said: Mapping[str, Any]) -> Reply | None:
    choices = [_choice(choice) for choice in _objects(said.get("choices"))]
    return Reply(choices=tuple(choices)) if any(choice.parts for choice in choices) else None


def _choice(said: Mapping[str, Any]) -> Choice:
    parts: list[Part] = []
    if said.get("reasoning"):
        parts.append(Reasoning(str(said["reasoning"])))
    if said.get("content"):
        parts.append(Text(str(said["content"])))
    parts += [_call(call) for call in _objects(said.get("tool_calls"))]
    index = said.get("index")
    return Choice(index if isinstance(index, int) else 0, tuple(parts))


def _call(said: Mapping[str, Any]) -> ToolCall:
    function = said.get("function")
    named: Mapping[str, Any] = function if isinstance(function, Mapping) else {}
    id_, name = str(said.get("id", "")), str(named.get("name", ""))
    return ToolCall(id_, name, str(named.get("arguments", "{}")))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
