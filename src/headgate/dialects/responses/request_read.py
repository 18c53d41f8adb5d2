"""A request in this dialect, read whole."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from headgate.dialects.responses.input_read import InputReader
from headgate.dialects.responses.notes import NAME, without
from headgate.dialects.responses.tools_read import read_tool_choice, read_tools
from headgate.model.effort import ORDER
from headgate.model.fault import bad_request
from headgate.model.parts import Text
from headgate.model.request import (
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
)
from headgate.wire import json_text
from headgate.wire.json_fields import fields, text

LOGPROBS = "message.output_text.logprobs"

_KNOWN = (
    "model",
    "input",
    "instructions",
    "stream",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "frequency_penalty",
    "presence_penalty",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "user",
    "safety_identifier",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "store",
    "previous_response_id",
    "conversation",
    "background",
    "include",
    "truncation",
    "session_id",
)

_T = TypeVar("_T")


def read_request(body: bytes) -> Request:
    """The request in `body`. Raises Refused naming the field that is not what it must be."""
    value = json_text.object_or_none(body)
    if value is None:
        raise bad_request("The body must be a JSON object.")
    model = _take(value, "model", str)
    if not model:
        raise bad_request("'model' must name a model.", "model")
    instructions = _instructions(value)
    reader = _read_input(value, instructions)
    wish = _take(value, "reasoning", dict)
    shape = _take(value, "text", dict) or {}
    include = _include(value)
    return Request(
        dialect=NAME,
        model=model,
        messages=tuple(reader.messages),
        stream=bool(_take(value, "stream", bool)),
        include_usage=True,
        max_tokens=_take(value, "max_output_tokens", int),
        sampling=_read_sampling(value, include),
        tools=tuple(reader.tools),
        tool_choice=read_tool_choice(value.get("tool_choice")),
        parallel_tool_calls=_take(value, "parallel_tool_calls", bool),
        reasoning=None if wish is None else _read_wish(wish),
        response_format=_read_format(shape),
        verbosity=text(shape, "verbosity") or None,
        user=_take(value, "user", str),
        safety_id=_take(value, "safety_identifier", str),
        metadata=_take(value, "metadata", dict),
        service_tier=_take(value, "service_tier", str),
        prompt_cache_key=_take(value, "prompt_cache_key", str),
        store=_take(value, "store", bool),
        previous_response_id=_take(value, "previous_response_id", str),
        conversation=_conversation(value),
        background=_take(value, "background", bool),
        include=include,
        truncation=_take(value, "truncation", str),
        extras=_extras(value, shape, reader, bool(instructions)),
    )


def _read_input(value: Mapping[str, Any], instructions: Sequence[Message]) -> InputReader:
    reader = InputReader(read_tools(value.get("tools")))
    reader.messages.extend(instructions)
    reader.read(value.get("input", []))
    return reader


def _take(source: Mapping[str, Any], key: str, kind: type[_T]) -> _T | None:
    """The value under `key`, None where it is absent or null; anything else is refused."""
    found = source.get(key)
    if found is None:
        return None
    if isinstance(found, kind) and not (isinstance(found, bool) and kind is not bool):
        return found
    raise bad_request(f"'{key}' must be {_A[kind]}.", key)


_A: Mapping[type, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def _number(source: Mapping[str, Any], key: str) -> float | None:
    found = source.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    return _take(source, key, float)


def _instructions(value: Mapping[str, Any]) -> list[Message]:
    instructions = _take(value, "instructions", str)
    return [] if instructions is None else [Message("system", (Text(instructions),))]


def _include(value: Mapping[str, Any]) -> tuple[str, ...]:
    found = _take(value, "include", list) or []
    return tuple(entry for entry in found if isinstance(entry, str))


def _read_sampling(value: Mapping[str, Any], include: tuple[str, ...]) -> Sampling:
    return Sampling(
        temperature=_number(value, "temperature"),
        top_p=_number(value, "top_p"),
        frequency_penalty=_number(value, "frequency_penalty"),
        presence_penalty=_number(value, "presence_penalty"),
        logprobs=True if LOGPROBS in include else None,
        top_logprobs=_take(value, "top_logprobs", int),
    )


def _read_wish(wish: Mapping[str, Any]) -> ReasoningWish:
    said = wish.get("effort")
    effort = next((word for word in ORDER if word == said), None)
    known = ("summary",) if effort is None and said is not None else ("summary", "effort")
    summary = text(wish, "summary") or text(wish, "generate_summary")
    return ReasoningWish(
        effort=effort,
        summary=summary or None,
        extras=without(wish, *known) or None,
    )


def _read_format(shape: Mapping[str, Any]) -> ResponseFormat | None:
    form = fields(shape, "format")
    match form.get("type"):
        case "text":
            return ResponseFormat("text")
        case "json_object":
            return ResponseFormat("json_object")
        case "json_schema":
            strict = form.get("strict")
            return ResponseFormat(
                "json_schema",
                text(form, "name") or None,
                fields(form, "schema"),
                strict if isinstance(strict, bool) else None,
                text(form, "description") or None,
            )
        case None:
            return None
        case other:
            raise bad_request(f"'text.format.type' cannot be {other!r}.", "text.format.type")


def _conversation(value: Mapping[str, Any]) -> str | None:
    found = value.get("conversation")
    if isinstance(found, dict):
        found = found.get("id")
    if found is None or isinstance(found, str):
        return found
    raise bad_request("'conversation' must be an id or an object with an 'id'.", "conversation")


def _extras(
    value: Mapping[str, Any], shape: Mapping[str, Any], reader: InputReader, instructed: bool
) -> dict[str, Any]:
    """Fields without a word in the hub, and the bookkeeping of the form that was used."""
    extras = {key: field for key, field in value.items() if key not in _KNOWN and field is not None}
    note: dict[str, Any] = {}
    if instructed:
        note["instructions"] = True
    if reader.notes:
        note["additional_tools"] = tuple(reader.notes)
    if unknown := without(shape, "format", "verbosity"):
        extras["text"] = unknown
    if note:
        extras[NAME] = note
    return extras
