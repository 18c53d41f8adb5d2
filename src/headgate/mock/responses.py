"""OpenAI Responses as the scripted upstream speaks it."""

from typing import Any

from headgate.mock.lookup import count_words, items, member, text_of
from headgate.mock.voice import Failure, Heard, Payload, Said, Voice, error_type

_TERMINAL = ("response.completed", "response.incomplete", "response.failed")


def hear(body: Payload, stream: bool) -> Heard:
    """``input`` is a string or items; the instructions count as words of the prompt."""
    given = body.get("input")
    if isinstance(given, str):
        texts: list[tuple[Any, str]] = [("user", given)]
    else:
        texts = [(one.get("role"), _item_text(one)) for one in items(given)]
    last = next((text for role, text in reversed(texts) if role == "user"), "")
    words = sum(count_words(text) for _, text in texts)
    return Heard(last, words + count_words(text_of(body.get("instructions"))))


def speak(said: Said) -> list[Payload]:
    """One message item with one text part, from ``response.created`` to the item's end."""
    begun = _response(said)
    item = _item(said, "in_progress", [])
    where = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    whole = _part(said.text)
    done = _item(said, "completed", [whole])
    delta = {"type": "response.output_text.delta", **where, "logprobs": []}
    text_done = {"type": "response.output_text.done", **where, "logprobs": []}
    events: list[Payload] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **where, "part": _part("")},
        *({**delta, "delta": piece} for piece in said.pieces),
        {**text_done, "text": said.text},
        {"type": "response.content_part.done", **where, "part": whole},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def fold(payloads: list[Any], said: Said) -> Payload:
    """The last response object, made complete with the items that were done."""
    whole = _response(said)
    output: list[Any] = []
    for payload in items(payloads):
        whole.update(member(payload, "response"))
        if payload.get("type") in _TERMINAL:
            return whole
        if payload.get("type") == "response.output_item.done":
            output.append(payload.get("item"))
    usage = whole.get("usage") or (_usage(said) if said.usage else None)
    finished = {"status": "completed", "completed_at": whole["created_at"]}
    return {**whole, **finished, "output": output, "usage": usage}


def terminator(payloads: list[Any], said: Said) -> Payload | None:
    """``response.completed``, unless the payloads end with a last word of their own."""
    last = payloads[-1] if payloads else None
    if is_terminator(last) or (isinstance(last, dict) and last.get("type") == "error"):
        return None
    whole = fold(payloads, said)
    return {"type": _TERMINAL[0], "sequence_number": len(payloads), "response": whole}


def is_terminator(payload: Any) -> bool:
    """Whether this ends a response."""
    return isinstance(payload, dict) and payload.get("type") in _TERMINAL


def error(failure: Failure) -> Payload:
    """The error event as it is on the wire, nested, with the specification's flat fields; in a
    body its ``error`` counts."""
    kind = error_type(failure.status, "openai")
    words = {"code": kind, "message": failure.message, "param": None}
    nested = {"type": kind, **words}
    return {"type": "error", **words, "sequence_number": failure.number, "error": nested}


def _item_text(item: Payload) -> str:
    output = item.get("output")
    return text_of(item.get("content")) or text_of(output)


def _item(said: Said, status: str, content: list[Payload]) -> Payload:
    item = {"id": f"msg_{said.id}", "type": "message", "status": status}
    return {**item, "role": "assistant", "content": content}


def _part(text: str) -> Payload:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _response(said: Said) -> Payload:
    return {
        "id": f"resp_{said.id}",
        "object": "response",
        "created_at": said.created,
        "status": "in_progress",
        "model": said.model,
        "output": [],
        **_DEFAULTS,
    }


def _usage(said: Said) -> Payload:
    return {
        "input_tokens": said.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": said.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": said.prompt_tokens + said.completion_tokens,
    }


# The keys that the Open Responses schema demands of every response object.
_DEFAULTS: Payload = {
    "completed_at": None,
    "incomplete_details": None,
    "previous_response_id": None,
    "instructions": None,
    "error": None,
    "tools": [],
    "tool_choice": "auto",
    "truncation": "disabled",
    "parallel_tool_calls": True,
    "text": {"format": {"type": "text"}},
    "top_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "top_logprobs": 0,
    "temperature": 1.0,
    "reasoning": None,
    "usage": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "store": True,
    "background": False,
    "service_tier": "default",
    "metadata": {},
    "safety_identifier": None,
    "prompt_cache_key": None,
}

VOICE = Voice(
    hear=hear,
    speak=speak,
    fold=fold,
    terminator=terminator,
    is_terminator=is_terminator,
    error=error,
    named=True,
)
