"""What a reply means to whoever acts on it, whatever dialect it came in."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Json = Mapping[str, Any]


class Call(msgspec.Struct, frozen=True):
    """A tool call: arguments as a value, or the text where they are no JSON (custom tools)."""

    name: str
    arguments: Any


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One choice. ``text`` is prose and the model's own refusal; ``thought`` is compared without
    white space, since dialects join summary parts differently. ``media`` counts pictures, sounds
    and vendors' own parts; ``spoken`` is what a sound says, ``explained`` a filter's reason."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = ""
    media: int = 0
    spoken: str = ""
    explained: str = ""


class Counts(msgspec.Struct, frozen=True):
    """Usage in the meaning of docs/decisions/0001-hub-events.md; what is unsaid is 0."""

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0


class Meaning(msgspec.Struct, frozen=True):
    """A whole reply. ``usage`` is None where nobody counted; ``verbatim`` is how a backend said it
    whose arithmetic is its own, which a caller of its dialect is told as it is."""

    answers: tuple[Answer, ...]
    usage: Counts | None = None
    verbatim: Counts | None = None


def arguments_of(text: str, custom: bool = False) -> Any:
    """The value of JSON arguments; the text where it is none; none at all mean no arguments."""
    if custom:
        return text
    if not text.strip():
        return {}
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text


def squeezed(texts: Iterable[str]) -> str:
    """Texts without any white space."""
    return "".join("".join(texts).split())


def of_chat(body: Json) -> Meaning:
    """A chat completion, whole or put together by a client."""
    answers = [_chat_choice(choice) for choice in body["choices"]]
    return Meaning(tuple(answers), _chat_usage(body.get("usage")))


_CHAT_FINISH = {
    "stop": "end",
    "length": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "filtered",
}


def _chat_choice(choice: Json) -> Answer:
    message = choice["message"]
    content = message.get("content")
    vendor = [] if isinstance(content, str) else [p for p in content or () if p["type"] != "text"]
    texts = [content] if isinstance(content, str) else [p.get("text", "") for p in content or ()]
    calls = [_chat_call(call) for call in message.get("tool_calls") or ()]
    legacy = message.get("function_call")
    if legacy:
        calls.append(Call(legacy["name"], arguments_of(legacy["arguments"])))
    refusal = message.get("refusal") or ""
    finish = _CHAT_FINISH[choice["finish_reason"]]
    return Answer(
        text="".join([*texts, refusal]),
        thought=squeezed([message.get("reasoning_content") or ""]),
        calls=tuple(calls),
        finish="refused" if refusal and finish == "end" else finish,
        media=len(message.get("images") or ()) + bool(message.get("audio")) + len(vendor),
    )


def _chat_call(call: Json) -> Call:
    if call["type"] == "custom":
        return Call(call["custom"]["name"], call["custom"]["input"])
    return Call(call["function"]["name"], arguments_of(call["function"]["arguments"]))


def _chat_usage(usage: Any) -> Counts | None:
    if not usage or usage.get("estimated"):
        return None
    prompt = usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or {}
    return Counts(
        usage["prompt_tokens"],
        usage["completion_tokens"],
        prompt.get("cached_tokens") or 0,
        prompt.get("cache_write_tokens") or 0,
        completion.get("reasoning_tokens") or 0,
    )


_MESSAGES_FINISH = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
    "pause_turn": "end",
    "compaction": "end",
    "refusal": "filtered",
}


def of_messages(body: Json) -> Meaning:
    """A message, whole or put together by a client."""
    texts, thoughts, calls = [], [], []
    for block in body["content"]:
        if block["type"] == "text":
            texts.append(block["text"])
        elif block["type"] == "thinking":
            thoughts.append(block["thinking"])
        elif block["type"] == "tool_use":
            calls.append(Call(block["name"], block["input"]))
    details = body.get("stop_details") or {}
    answer = Answer(
        text="".join(texts),
        thought=squeezed(thoughts),
        calls=tuple(calls),
        finish=_MESSAGES_FINISH[body["stop_reason"]],
        explained=details.get("explanation") or "",
    )
    return Meaning((answer,), _messages_usage(body["usage"]))


def _messages_usage(usage: Json) -> Counts | None:
    if usage.get("estimated"):
        return None
    cached = usage.get("cache_read_input_tokens") or 0
    written = usage.get("cache_creation_input_tokens") or 0
    details = usage.get("output_tokens_details") or {}
    return Counts(
        usage["input_tokens"] + cached + written,
        usage["output_tokens"],
        cached,
        written,
        details.get("thinking_tokens") or 0,
    )


def of_responses(body: Json) -> Meaning:
    """A response, whole or as the last event of a stream shows it."""
    texts, thoughts, calls = [], [], []
    media = 0
    refused = False
    for item in body["output"]:
        match item["type"]:
            case "message":
                refused = refused or any(p["type"] == "refusal" for p in item["content"])
                texts += [p.get("text") or p.get("refusal") or "" for p in item["content"]]
            case "reasoning":
                parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
                thoughts += [part["text"] for part in parts]
            case "function_call":
                calls.append(Call(item["name"], arguments_of(item["arguments"])))
            case "custom_tool_call":
                calls.append(Call(item["name"], item["input"]))
            case "image_generation_call":
                media += 1
            case _:
                pass
    finish = _responses_finish(body, bool(calls))
    answer = Answer(
        text="".join(texts),
        thought=squeezed(thoughts),
        calls=tuple(calls),
        finish="refused" if refused and finish == "end" else finish,
        media=media,
    )
    return Meaning((answer,), _responses_usage(body.get("usage")))


def _responses_finish(body: Json, called: bool) -> str:
    if body["status"] == "incomplete":
        why = (body.get("incomplete_details") or {}).get("reason")
        return "filtered" if why == "content_filter" else "length"
    if body["status"] in ("completed", "complete"):
        return "tools" if called else "end"
    return str(body["status"])


def _responses_usage(usage: Any) -> Counts | None:
    if not usage or usage.get("estimated"):
        return None
    given = usage.get("input_tokens_details") or {}
    made = usage.get("output_tokens_details") or {}
    return Counts(
        usage["input_tokens"],
        usage["output_tokens"],
        given.get("cached_tokens") or 0,
        given.get("cache_write_tokens") or 0,
        made.get("reasoning_tokens") or 0,
    )


def differences(native: Meaning, told: Meaning, losses: tuple[str, ...]) -> list[str]:
    """Where what a caller was told differs from what the backend said, but for listed losses."""
    said = native.answers[:1] if "n" in losses else native.answers
    found = []
    if len(said) != len(told.answers):
        found.append(f"answers: {len(said)} became {len(told.answers)}")
    for answer, other in zip(said, told.answers, strict=False):
        found += _answer_differences(answer, other, losses)
    counted = native.usage
    if counted is not None and told.usage not in (counted, _as_parts(counted), native.verbatim):
        found.append(f"usage: {counted} became {told.usage}")
    return found


def _answer_differences(native: Answer, told: Answer, losses: tuple[str, ...]) -> list[str]:
    found = []
    texts = [native.text, native.text + native.explained]
    if losses:
        texts.append(native.text + native.spoken)
    if told.text not in texts:
        found.append(f"text: {native.text!r} became {told.text!r}")
    if told.thought != native.thought:
        found.append(f"thought: {native.thought!r} became {told.thought!r}")
    if told.calls not in (native.calls, tuple(map(_wrapped, native.calls))):
        found.append(f"calls: {native.calls} became {told.calls}")
    if told.finish != native.finish and (native.finish, told.finish) != ("refused", "filtered"):
        found.append(f"finish: {native.finish} became {told.finish}")
    if told.media < native.media and not losses:
        found.append(f"media: {native.media} became {told.media}, and no loss is listed")
    return found


def _wrapped(call: Call) -> Call:
    """The call where a tool's raw input is told as the JSON of a function."""
    if not isinstance(call.arguments, str):
        return call
    return Call(call.name, {"input": call.arguments})


def _as_parts(usage: Counts) -> Counts:
    """The usage where its parts must sum up: tokens are read or written, not both."""
    written = min(usage.written, usage.input - usage.cached)
    return msgspec.structs.replace(usage, written=written)
