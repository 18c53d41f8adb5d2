"""The texts of a request: what a policy reads before a backend does.

Reasoning is left alone: its signature holds for its words only. What nothing changes stays the
same object, so that an untouched request still travels as its original bytes.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec

from headgate.model.parts import (
    Audio,
    Document,
    Part,
    PlainText,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from headgate.model.request import Message, Request
from headgate.policies.json_strings import find_strings, put_strings

Change = Callable[[str], Awaitable[str]]


async def map_texts(request: Request, roles: frozenset[str] | None, change: Change) -> Request:
    """`request` with `change` applied to its texts in order; `roles` None: those of every role."""
    messages = []
    for message in request.messages:
        if roles is None or message.role in roles:
            messages.append(await _message(message, change))
        else:
            messages.append(message)
    prediction = await _value(request.prediction, change)
    if prediction == request.prediction and _same(messages, request.messages):
        return request
    return msgspec.structs.replace(request, messages=tuple(messages), prediction=prediction)


async def _message(message: Message, change: Change) -> Message:
    parts = [await _part(part, change) for part in message.parts]
    if _same(parts, message.parts):
        return message
    return msgspec.structs.replace(message, parts=tuple(parts))


async def _part(part: Any, change: Change) -> Any:
    act = _PARTS.get(type(part))
    return part if act is None else await act(part, change)


async def _text(part: Text | Refusal, change: Change) -> Part:
    text = await change(part.text)
    return part if text == part.text else msgspec.structs.replace(part, text=text)


async def _call(part: ToolCall, change: Change) -> Part:
    found = find_strings(part.arguments)
    if found is None:
        arguments = await change(part.arguments)
    else:
        values = [await change(token.value) for token in found]
        arguments = put_strings(part.arguments, found, values)
    if arguments == part.arguments:
        return part
    return msgspec.structs.replace(part, arguments=arguments)


async def _result(part: ToolResult, change: Change) -> Part:
    parts = [await _part(inner, change) for inner in part.parts]
    return part if _same(parts, part.parts) else msgspec.structs.replace(part, parts=tuple(parts))


async def _document(part: Document, change: Change) -> Part:
    title = await _optional(part.title, change)
    context = await _optional(part.context, change)
    source = part.source
    if isinstance(source, PlainText):
        text = await change(source.text)
        source = source if text == source.text else PlainText(text)
    if source is part.source and (title, context) == (part.title, part.context):
        return part
    return msgspec.structs.replace(part, title=title, context=context, source=source)


async def _audio(part: Audio, change: Change) -> Part:
    transcript = await _optional(part.transcript, change)
    if transcript == part.transcript:
        return part
    return msgspec.structs.replace(part, transcript=transcript)


async def _optional(text: str | None, change: Change) -> str | None:
    return await change(text) if text else text


async def _value(value: Any, change: Change) -> Any:
    """The strings in a decoded JSON value, keys aside."""
    if isinstance(value, str):
        return await change(value)
    if isinstance(value, Mapping):
        return {name: await _value(item, change) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [await _value(item, change) for item in value]
    return value


def _same(new: Iterable[Any], old: Iterable[Any]) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))


_PARTS: dict[type, Callable[[Any, Change], Awaitable[Part]]] = {
    Text: _text,
    Refusal: _text,
    ToolCall: _call,
    ToolResult: _result,
    Document: _document,
    Audio: _audio,
}
