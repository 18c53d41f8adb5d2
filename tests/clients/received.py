"""What reached a backend, read from a request's body in each dialect."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]
PICTURE = "iVBORw0KGgo="
"""A PNG image in base64, as far as anybody here looks into it."""
Turn = tuple[str, Any, str]
"""A tool call's name and arguments, and the text of its result."""


def images(dialect: str, body: Body) -> list[str]:
    """The images of the conversation, in base64."""
    return list(_IMAGES[dialect](body))


def tool_turns(dialect: str, body: Body) -> list[Turn]:
    """The calls that the caller had run, each with its result."""
    return list(_TURNS[dialect](body))


def seals(dialect: str, body: Body) -> list[str]:
    """The opaque state that was given back to the backend."""
    return list(_SEALS[dialect](body))


def schema(dialect: str, body: Body) -> Any:
    """The schema that the answer is to have, or None."""
    match dialect:
        case "chat":
            found = body.get("response_format", {}).get("json_schema", {})
        case "messages":
            found = body.get("output_config", {}).get("format", {})
        case "responses":
            found = body.get("text", {}).get("format", {})
        case _:
            found = body.get("generationConfig", {})
            return found.get("responseJsonSchema") or found.get("responseSchema")
    return found.get("schema")


def _blocks(dialect: str, body: Body) -> Iterator[Body]:
    """Every part of every message, tool results' own parts left in them."""
    if dialect == "gemini":
        for content in body["contents"]:
            yield from content["parts"]
        return
    for message in body["input"] if dialect == "responses" else body["messages"]:
        content = message.get("content")
        yield from content if isinstance(content, list) else ()


def _chat_images(body: Body) -> Iterator[str]:
    for part in _blocks("chat", body):
        if part["type"] == "image_url":
            yield _base64(part["image_url"]["url"])


def _messages_images(body: Body) -> Iterator[str]:
    for block in _blocks("messages", body):
        if block["type"] == "image":
            yield block["source"]["data"]


def _responses_images(body: Body) -> Iterator[str]:
    for part in _blocks("responses", body):
        if part["type"] == "input_image":
            yield _base64(part["image_url"])


def _gemini_images(body: Body) -> Iterator[str]:
    for part in _blocks("gemini", body):
        if "inlineData" in part:
            yield part["inlineData"]["data"]


def _base64(url: str) -> str:
    kind, _, data = url.partition(",")
    assert kind == "data:image/png;base64", kind
    return data


def _chat_turns(body: Body) -> Iterator[Turn]:
    messages = body["messages"]
    results = {one["tool_call_id"]: one["content"] for one in messages if one["role"] == "tool"}
    for message in messages:
        for call in message.get("tool_calls") or ():
            function = call["function"]
            result = _text(results[call["id"]])
            yield function["name"], json.loads(function["arguments"]), result


def _messages_turns(body: Body) -> Iterator[Turn]:
    blocks = list(_blocks("messages", body))
    results = {b["tool_use_id"]: b["content"] for b in blocks if b["type"] == "tool_result"}
    for block in blocks:
        if block["type"] == "tool_use":
            yield block["name"], block["input"], _text(results[block["id"]])


def _responses_turns(body: Body) -> Iterator[Turn]:
    items = [one for one in body["input"] if one.get("type", "").startswith("function_call")]
    results = {one["call_id"]: one["output"] for one in items if "output" in one}
    for item in items:
        if item["type"] == "function_call":
            result = _text(results[item["call_id"]])
            yield item["name"], json.loads(item["arguments"]), result


def _gemini_turns(body: Body) -> Iterator[Turn]:
    parts = list(_blocks("gemini", body))
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    for call, result in zip(calls, results, strict=True):
        assert result["name"] == call["name"]
        (said,) = result["response"].values()
        yield call["name"], call["args"], said


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content)


def _messages_seals(body: Body) -> Iterator[str]:
    for block in _blocks("messages", body):
        if block["type"] == "thinking":
            yield block["signature"]


def _responses_seals(body: Body) -> Iterator[str]:
    for item in body["input"]:
        if item.get("type") == "reasoning":
            yield item["encrypted_content"]


def _gemini_seals(body: Body) -> Iterator[str]:
    for part in _blocks("gemini", body):
        if "thoughtSignature" in part:
            yield part["thoughtSignature"]


_IMAGES: Mapping[str, Callable[[Body], Iterator[str]]] = {
    "chat": _chat_images,
    "messages": _messages_images,
    "responses": _responses_images,
    "gemini": _gemini_images,
}
_TURNS: Mapping[str, Callable[[Body], Iterator[Turn]]] = {
    "chat": _chat_turns,
    "messages": _messages_turns,
    "responses": _responses_turns,
    "gemini": _gemini_turns,
}
_SEALS: Mapping[str, Callable[[Body], Iterator[str]]] = {
    "chat": lambda body: iter(()),
    "messages": _messages_seals,
    "responses": _responses_seals,
    "gemini": _gemini_seals,
}
