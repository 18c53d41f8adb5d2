"""An assistant's whole message, in a reply or in a request's history, as parts."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.dialects.chat.citations import read_annotations
from headgate.dialects.chat.content import read_content
from headgate.dialects.chat.lenient import Json, object_in, objects_in, rest_of, text_in
from headgate.dialects.chat.reasoning import HOME_VENDOR, read_reasoning, signed_call_state
from headgate.model.custom_input import unwrap
from headgate.model.parts import (
    Audio,
    Citation,
    Extras,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from headgate.model.request import ToolRef
from headgate.wire import json_text

CALL_FIELDS = (
    "id",
    "type",
    "index",
    "function",
    "custom",
    "name",
    "input",
    "arguments",
    "extra_content",
)
"""The fields of a tool call that the hub has words for."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Whose message is read. The defaults are a caller's history.

    ``issuer`` owns the opaque state that stands bare; ``call_issuer`` the bare signatures on tool
    calls (None: their own field says whose they are). ``seed`` makes ids for calls without one.
    """

    issuer: str = HOME_VENDOR
    call_issuer: str | None = None
    tools: Mapping[str, ToolRef] = {}
    schema_tool: str | None = None
    one_tool_call: bool = False
    seed: str = ""


class CallFields(msgspec.Struct, frozen=True):
    """A tool call's words, whatever their form; ``""`` where unsaid."""

    name: str
    arguments: str
    custom: bool


def call_fields(call: Json) -> CallFields:
    """The name and arguments (whole or a piece) in one entry of ``tool_calls``.

    Some servers fill in empty objects of both kinds, some give arguments as an object.
    """
    body = call.get("function")
    if not isinstance(body, dict) or not any(body.values()):
        custom = call.get("custom")
        if isinstance(custom, dict) and (any(custom.values()) or not isinstance(body, dict)):
            return CallFields(text_in(custom.get("name")), text_in(custom.get("input")), True)
    body = body if isinstance(body, dict) else call
    arguments = body.get("arguments")
    if isinstance(arguments, dict | list):
        arguments = json_text.encode_text(arguments)
    return CallFields(text_in(body.get("name")), text_in(arguments), False)


def minted_id(seed: str, ordinal: int) -> str:
    """An id for the call that came without one; the same for the same reply and place."""
    digest = hashlib.blake2s(f"{seed}:{ordinal}".encode("utf-8", "surrogatepass"), digest_size=12)
    return f"call_{digest.hexdigest()}"


def read_assistant(
    message: Json, reading: Reading, logprobs: tuple[Extras, ...] | None = None
) -> tuple[Part, ...]:
    """The parts of the message: reasoning, content, refusal, sound, pictures, tool calls; state
    that belongs to a call stands right before it."""
    calls = _calls(message, reading)
    ids = {call.id for call in calls if isinstance(call, ToolCall)}
    reasoning = read_reasoning(message, reading.issuer)
    parts: list[Part] = [part for part, id_ in reasoning if id_ not in ids]
    parts += _content(message, logprobs)
    parts += _sound_and_pictures(message)
    for call in calls:
        if isinstance(call, ToolCall):
            parts += [part for part, id_ in reasoning if id_ == call.id]
        parts.append(call)
    return tuple(parts)


def _content(message: Json, logprobs: tuple[Extras, ...] | None) -> list[Part]:
    parts = list(read_content(message.get("content")))
    refusal = text_in(message.get("refusal"))
    if refusal:
        parts.append(Refusal(refusal))
    citations = read_annotations(message.get("annotations"))
    return attach(parts, citations, logprobs) if citations or logprobs else parts


def attach(
    parts: list[Part], citations: tuple[Citation, ...], logprobs: tuple[Extras, ...] | None
) -> list[Part]:
    """`parts` with citations and token entries on the last text, which is made if need be."""
    spots = [spot for spot, part in enumerate(parts) if isinstance(part, Text)]
    if not spots:
        return [*parts, Text("", citations, logprobs)]
    text = parts[spots[-1]]
    assert isinstance(text, Text)  # what `spots` holds
    parts[spots[-1]] = msgspec.structs.replace(
        text, citations=text.citations + citations, logprobs=logprobs or text.logprobs
    )
    return parts


def _sound_and_pictures(message: Json) -> list[Part]:
    parts: list[Part] = []
    audio = read_sound(message.get("audio"))
    if audio is not None:
        parts.append(audio)
    parts += [p for p in read_content(message.get("images")) if isinstance(p, Image)]
    return parts


def read_sound(value: Any) -> Audio | None:
    """Sound that the model made; None where there is none."""
    body = object_in(value)
    id_, data = text_in(body.get("id")), text_in(body.get("data"))
    transcript = text_in(body.get("transcript"))
    if not (id_ or data or transcript):
        return None
    extras = rest_of(body, ("id", "data", "transcript", "format"))
    format_ = text_in(body.get("format")) or None
    return Audio(data, format_, id_ or None, transcript or None, extras)


def _calls(message: Json, reading: Reading) -> list[Part]:
    entries = objects_in(message.get("tool_calls"))
    legacy = object_in(message.get("function_call"))
    if legacy.get("name"):
        entries.append({"function": legacy})
    parts: list[Part] = []
    seen = 0
    for entry in entries:
        if seen and reading.one_tool_call:
            break
        added = _call(entry, reading, seen)
        seen += isinstance(added[-1], ToolCall)
        parts += added
    return parts


def _call(entry: Json, reading: Reading, ordinal: int) -> list[Part]:
    said = call_fields(entry)
    if said.name and said.name == reading.schema_tool:
        return [Text(said.arguments)]
    ref = reading.tools.get(said.name) or ToolRef(said.name, custom=said.custom)
    arguments = said.arguments
    if ref.custom and not said.custom:
        arguments = unwrap(arguments)
    call = ToolCall(
        text_in(entry.get("id")) or minted_id(reading.seed, ordinal),
        ref.name,
        arguments or ("" if ref.custom else "{}"),
        ref.custom,
        ref.namespace,
        extras=rest_of(entry, CALL_FIELDS),
    )
    state = signed_call_state(entry, reading.call_issuer)
    return [Reasoning(state=state), call] if state is not None else [call]
