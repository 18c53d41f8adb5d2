"""The next request of a client that gives back what it was told, as the official clients do."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from headgate.model.request import Request
from tests.conformance import carry, clients
from tests.conformance.meaning import Json

_TOLD: Mapping[str, Callable[[bytes], Json]] = {
    "chat": clients.chat_stream,
    "messages": clients.messages_stream,
    "responses": clients.responses_stream,
}


def next_request(caller: str, stream: bytes) -> Request:
    """The caller's next turn behind the reply in `stream`: calls are answered, else it goes on."""
    body = _NEXT[caller](_TOLD[caller](stream))
    return carry.caller_half(caller).read_request(msgspec.json.encode(body))


def _chat(told: Json) -> dict[str, Any]:
    message = {k: v for k, v in told["choices"][0]["message"].items() if v is not None}
    calls = message.get("tool_calls") or ()
    answers = [{"role": "tool", "tool_call_id": call["id"], "content": "7"} for call in calls]
    asked = {"role": "user", "content": "hi"}
    after = answers or [{"role": "user", "content": "go on"}]
    return {"model": "alias", "messages": [asked, message, *after]}


def _messages(told: Json) -> dict[str, Any]:
    answers = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "7"}
        for block in told["content"]
        if block["type"] == "tool_use"
    ]
    content = [_without_nulls(block) for block in told["content"]]
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": answers or "go on"},
    ]
    return {"model": "alias", "max_tokens": 9, "messages": history}


def _responses(told: Json) -> dict[str, Any]:
    answers: list[dict[str, Any]] = []
    for item in told["output"]:
        if item["type"] in ("function_call", "custom_tool_call"):
            kind = f"{item['type']}_output"
            answers.append({"type": kind, "call_id": item["call_id"], "output": "7"})
    asked = {"role": "user", "content": "hi"}
    after = answers or [{"role": "user", "content": "go on"}]
    items = [_without_nulls(item) for item in told["output"]]
    return {"model": "alias", "store": False, "input": [asked, *items, *after]}


def _without_nulls(value: Json) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if inner is not None}


_NEXT: Mapping[str, Callable[[Json], dict[str, Any]]] = {
    "chat": _chat,
    "messages": _messages,
    "responses": _responses,
}
