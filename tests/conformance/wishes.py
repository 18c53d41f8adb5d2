"""What a caller said in a request, as words that must be found again in whatever is written.

Read from the JSON without any of the gateway's code: prose, tool calls and results, tools with
their parameters, pictures and documents that stand in the body.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from tests.conformance.meaning import Json

BILLING = "x-anthropic-billing-header:"


class Wish(msgspec.Struct, frozen=True):
    """One thing said, and what kind of thing it is."""

    kind: str
    words: str


def wishes(dialect: str, request: Json) -> list[Wish]:
    """All that a recorded request says that another dialect can say too."""
    return [wish for wish in _READERS[dialect](request) if wish.words.strip()]


def unheard(said: list[Wish], written: bytes) -> list[Wish]:
    """The wishes that `written` says nothing of."""
    heard = "\n".join(strings_in(written))
    return [wish for wish in said if not _is_in(wish, heard)]


def strings_in(body: bytes) -> list[str]:
    """Every string in a JSON body."""
    return list(_strings(msgspec.json.decode(body)))


def _is_in(wish: Wish, heard: str) -> bool:
    """Whether it is said, a text file as its text or as base64."""
    if wish.words in heard:
        return True
    if wish.kind != "media":
        return False
    encoded = base64.b64encode(wish.words.encode()).decode()
    try:
        decoded = base64.b64decode(wish.words, validate=True).decode()
    except (binascii.Error, ValueError):
        decoded = wish.words
    return encoded in heard or decoded in heard


def _strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value; JSON in strings (tool arguments) is opened too."""
    if isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            yield from _strings(_opened(value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _opened(text: str) -> Any:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return None if isinstance(found, str) else found


def _leaves(kind: str, value: Any) -> Iterator[Wish]:
    for text in _strings(value):
        if text[:1] not in ("{", "["):
            yield Wish(kind, text)


def _tool(name: Any, description: Any, schema: Any) -> Iterator[Wish]:
    yield Wish("tool", name or "")
    yield Wish("tool", description or "")
    for key in (schema or {}).get("properties") or {}:
        yield Wish("parameter", key)


def _picture(url: Any) -> Iterator[Wish]:
    """A picture or file: its base64, else its address."""
    if isinstance(url, str):
        yield Wish("media", url.partition(";base64,")[2] if url.startswith("data:") else url)


# --- chat ---


def _chat(request: Json) -> Iterator[Wish]:
    for message in request["messages"]:
        yield from _chat_message(message)
    for tool in request.get("tools") or ():
        function = tool.get("function") or {}
        if tool.get("type") == "function":
            yield from _tool(
                function.get("name"), function.get("description"), function.get("parameters")
            )


def _chat_message(message: Json) -> Iterator[Wish]:
    content = message.get("content")
    if isinstance(content, str):
        yield Wish(message["role"], content)
    for part in content if isinstance(content, list) else ():
        match part.get("type"):
            case "text":
                yield Wish(message["role"], part["text"])
            case "image_url":
                image = part["image_url"]
                yield from _picture(image["url"] if isinstance(image, dict) else image)
            case "file":
                yield from _picture(part["file"].get("file_data"))
            case "input_audio":
                yield Wish("media", part["input_audio"]["data"])
            case _:
                pass
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        yield Wish("call", function.get("name") or "")
        yield from _leaves("call", _opened(function.get("arguments") or ""))


# --- messages ---


def _messages(request: Json) -> Iterator[Wish]:
    yield from _messages_content("system", request.get("system"))
    for message in request["messages"]:
        yield from _messages_content(message["role"], message["content"])
    for tool in request.get("tools") or ():
        if tool.get("type") in (None, "custom"):
            yield from _tool(tool["name"], tool.get("description"), tool.get("input_schema"))


def _messages_content(role: str, content: Any) -> Iterator[Wish]:
    if isinstance(content, str):
        yield Wish(role, content)
    for block in content if isinstance(content, list) else ():
        match block.get("type"):
            case "text" if not block["text"].startswith(BILLING):
                yield Wish(role, block["text"])
            case "tool_use":
                yield Wish("call", block["name"])
                yield from _leaves("call", block["input"])
            case "tool_result":
                yield from _messages_content("result", block.get("content"))
            case "image" | "document":
                source = block["source"]
                yield Wish("media", source.get("data") or source.get("url") or "")
            case _:
                pass


# --- responses ---


def _responses(request: Json) -> Iterator[Wish]:
    yield Wish("system", request.get("instructions") or "")
    given = request.get("input")
    if isinstance(given, str):
        yield Wish("user", given)
    for item in given if isinstance(given, list) else ():
        yield from _responses_item(item)
    for tool in request.get("tools") or ():
        if tool["type"] == "function":
            yield from _tool(tool["name"], tool.get("description"), tool.get("parameters"))


def _responses_item(item: Json) -> Iterator[Wish]:
    match item.get("type", "message"):
        case "message":
            yield from _responses_content(item["role"], item.get("content"))
        case "function_call":
            yield Wish("call", item["name"])
            yield from _leaves("call", _opened(item["arguments"]))
        case "function_call_output":
            yield from _responses_content("result", item.get("output"))
        case _:
            pass


def _responses_content(role: str, content: Any) -> Iterator[Wish]:
    if isinstance(content, str):
        yield Wish(role, content)
    for part in content if isinstance(content, list) else ():
        match part.get("type"):
            case "input_text" | "output_text" | "text":
                yield Wish(role, part["text"])
            case "input_image":
                yield from _picture(part.get("image_url"))
            case "input_file":
                yield from _picture(part.get("file_data") or part.get("file_url"))
            case _:
                pass


_READERS: Mapping[str, Callable[[Json], Iterator[Wish]]] = {
    "chat": _chat,
    "messages": _messages,
    "responses": _responses,
}
