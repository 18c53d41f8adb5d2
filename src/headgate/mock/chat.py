"""Chat Completions as the scripted upstream speaks it."""

from typing import Any

from headgate.mock.lookup import count_words, items, member, text_of
from headgate.mock.voice import Failure, Heard, Payload, Said, Voice, error_type

DONE = "[DONE]"


def hear(body: Payload, stream: bool) -> Heard:
    """Usage is wanted on a stream only where ``stream_options.include_usage`` says so."""
    texts = [(one.get("role"), text_of(one.get("content"))) for one in items(body.get("messages"))]
    last = next((text for role, text in reversed(texts) if role == "user"), "")
    asked = member(body, "stream_options").get("include_usage") is True
    return Heard(last, sum(count_words(text) for _, text in texts), asked or not stream)


def speak(said: Said) -> list[Payload]:
    """Role chunk, a chunk a piece, finish chunk, and the usage chunk where it is wanted."""
    chunk: Payload = {
        "id": f"chatcmpl-{said.id}",
        "object": "chat.completion.chunk",
        "created": said.created,
        "model": said.model,
    }
    if said.usage:
        chunk["usage"] = None
    opening = {"role": "assistant", "content": "", "refusal": None}
    deltas: list[Payload] = [opening, *({"content": piece} for piece in said.pieces)]
    payloads = [{**chunk, "choices": [_choice(delta, None)]} for delta in deltas]
    payloads.append({**chunk, "choices": [_choice({}, "stop")]})
    if said.usage:
        payloads.append({**chunk, "choices": [], "usage": _usage(said)})
    return payloads


def fold(payloads: list[Any], said: Said) -> Payload:
    """The completion that the chunks add up to."""
    whole: Payload = {
        "id": f"chatcmpl-{said.id}",
        "object": "chat.completion",
        "created": said.created,
        "model": said.model,
    }
    choices: dict[int, Payload] = {}
    for payload in items(payloads):
        for key in ("id", "created", "model", "usage", "service_tier", "system_fingerprint"):
            if payload.get(key) is not None:
                whole[key] = payload[key]
        for choice in items(payload.get("choices")):
            _add_choice(choices, choice)
    return {**whole, "choices": [choices[index] for index in sorted(choices)]}


def terminator(payloads: list[Any], said: Said) -> str | None:
    """``[DONE]``, unless the payloads end with it."""
    return None if payloads and is_terminator(payloads[-1]) else DONE


def is_terminator(payload: Any) -> bool:
    """Whether this is ``[DONE]``."""
    return isinstance(payload, str) and payload.strip() == DONE


def error(failure: Failure) -> Payload:
    """The error object, the same in a body and in a stream."""
    kind = error_type(failure.status, "openai")
    words = {"message": failure.message, "type": kind, "param": None}
    return {"error": {**words, "code": _CODES.get(failure.status, kind)}}


def _choice(delta: Payload, finish: str | None) -> Payload:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _usage(said: Said) -> Payload:
    return {
        "prompt_tokens": said.prompt_tokens,
        "completion_tokens": said.completion_tokens,
        "total_tokens": said.prompt_tokens + said.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _add_choice(choices: dict[int, Payload], choice: Payload) -> None:
    index = choice.get("index")
    number = index if isinstance(index, int) else 0
    empty = {"index": number, "message": {"role": "assistant", "content": None}, "logprobs": None}
    whole = choices.setdefault(number, {**empty, "finish_reason": None})
    whole["finish_reason"] = choice.get("finish_reason") or whole["finish_reason"]
    for key, value in member(choice, "delta").items():
        _add_field(whole["message"], key, value)


def _add_field(message: Payload, key: str, value: Any) -> None:
    if key == "tool_calls":
        calls = message.setdefault(key, [])
        for piece in items(value):
            _add_call(calls, piece)
    elif isinstance(value, str) and key != "role" and isinstance(message.get(key), str):
        message[key] += value
    elif value is not None or key not in message:
        message[key] = value


def _add_call(calls: list[Payload], piece: Payload) -> None:
    index = piece.get("index")
    number = index if isinstance(index, int) else len(calls)
    while not 0 <= number < len(calls):
        calls.append({"id": None, "type": "function", "function": {"name": "", "arguments": ""}})
        number = min(max(number, 0), len(calls) - 1)
    call = calls[number]
    call["id"] = piece.get("id") or call["id"]
    for key in ("name", "arguments"):
        value = member(piece, "function").get(key)
        call["function"][key] += value if isinstance(value, str) else ""


_CODES = {
    401: "invalid_api_key",
    402: "insufficient_quota",
    404: "model_not_found",
    429: "rate_limit_exceeded",
}

VOICE = Voice(
    hear=hear,
    speak=speak,
    fold=fold,
    terminator=terminator,
    is_terminator=is_terminator,
    error=error,
    named=False,
)
