"""What recorded traffic means, read without any of the gateway's code.

Messages and responses go through their vendors' clients. Chat comes from a score of vendors, most
of whose own clients are not at hand, and Gemini's is not either: both are read from the JSON.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from tests.conformance import clients, meaning
from tests.conformance.carry import Carried
from tests.conformance.meaning import Answer, Call, Counts, Json, Meaning


class Told(Exception):  # noqa: N818 - what happened
    """The recording is of an error; `words` is its message."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def check_told(native: Meaning | Told, got: Carried, caller: str) -> None:
    """The caller's client makes of what it got what was meant, or raises the error's words."""
    if isinstance(native, Told):
        assert got.outcome == "upstream_error"
        with pytest.raises(clients.ERRORS, match=re.escape(native.words[:40])):
            clients.STREAMS[caller](got.body)
        return
    assert got.outcome == "complete"
    told = clients.STREAMS[caller](got.body)
    assert meaning.differences(native, told, got.losses) == []


def stream(dialect: str, sse: str) -> Meaning | Told:
    """What a recorded stream means."""
    try:
        return _STREAMS[dialect](sse)
    except Told as told:
        return told


def body(dialect: str, response: Json) -> Meaning | Told:
    """What a recorded reply means."""
    try:
        return _BODIES[dialect](response)
    except Told as told:
        return told


def payloads(sse: str) -> Iterator[Json]:
    """The JSON objects in the ``data:`` lines of a stream (no recording splits one)."""
    for line in re.split(r"\r\n|\n|\r", sse):
        data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if data and data != "[DONE]":
            yield msgspec.json.decode(data)


# --- chat ---


def _chat_stream(sse: str) -> Meaning:
    choices: dict[int, _ChatChoice] = {}
    usage: Any = None
    sources: list[Any] = []
    for chunk in payloads(sse):
        if chunk.get("error"):
            raise Told(_words(chunk["error"]))
        usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage") or usage
        sources = chunk.get("citations") or sources
        for choice in chunk.get("choices") or ():
            index = choice.get("index") or 0
            said = choice.get("delta") or choice.get("message")
            choices.setdefault(index, _ChatChoice()).add(choice, said)
    answers = tuple(choices[index].answer() for index in sorted(choices))
    return Meaning(answers, *_chat_usage(usage))


def _chat_body(response: Json) -> Meaning:
    if response.get("error"):
        raise Told(_words(response["error"]))
    choices = []
    for entry in response["choices"]:
        choice = _ChatChoice()
        choice.add(entry, entry.get("message") or entry.get("delta"))
        choices.append(choice)
    return Meaning(tuple(c.answer() for c in choices), *_chat_usage(response.get("usage")))


class _ChatChoice:
    """One choice while it is put together from deltas, or from the whole message."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._detailed: list[str] = []
        self._calls: list[dict[str, Any]] = []
        self._finish = ""
        self._media = 0
        self._sounds = False
        self._spoken: list[str] = []
        self._refused = False

    def add(self, choice: Json, said: Json | None) -> None:
        delta = said or {}
        self._content(delta.get("content"))
        self._texts.append(delta.get("refusal") or "")
        self._refused = self._refused or bool(delta.get("refusal"))
        words = delta.get("reasoning_content") or delta.get("reasoning")
        self._thoughts.append(words if isinstance(words, str) else "")
        for detail in delta.get("reasoning_details") or ():
            self._detailed.append(detail.get("text") or detail.get("summary") or "")
        for entry in delta.get("tool_calls") or ():
            self._call(entry)
        legacy = delta.get("function_call")
        if legacy and any(legacy.values()):
            self._call({"index": -1, "function": legacy})
        self._media += len(delta.get("images") or ())
        audio = delta.get("audio") or {}
        self._sounds = self._sounds or any(audio.values())
        self._spoken.append(audio.get("transcript") or "")
        self._finish = choice.get("finish_reason") or self._finish

    def answer(self) -> Answer:
        calls = tuple(self._whole(call) for call in self._calls)
        finish = _CHAT_FINISH.get(self._finish, "end")
        if self._refused and finish == "end":
            finish = "refused"
        return Answer(
            text="".join(self._texts),
            spoken="".join(self._spoken),
            thought=meaning.squeezed(self._thoughts) or meaning.squeezed(self._detailed),
            calls=calls,
            finish="tools" if calls and finish == "end" else finish,
            media=self._media + self._sounds,
        )

    def _content(self, content: Any) -> None:
        if isinstance(content, str):
            self._texts.append(content)
            return
        for part in content or ():
            if part["type"] == "thinking":
                self._thoughts += [piece.get("text", "") for piece in part["thinking"]]
            elif part["type"] == "text":
                self._texts.append(part["text"])
            else:
                self._media += 1

    def _call(self, entry: Json) -> None:
        function = entry.get("function") or {}
        custom = entry.get("custom") or {}
        body = function if any(function.values()) else custom
        index, id_ = entry.get("index"), entry.get("id")
        known = [
            call
            for call in self._calls
            if call["index"] == index and (not id_ or call["id"] in ("", id_))
        ]
        if index is None and not id_:
            known = self._calls[-1:]
        if not known:
            known = [{"index": index, "id": id_ or "", "name": "", "text": "", "custom": False}]
            self._calls += known
        call = known[-1]
        call["name"] = call["name"] or body.get("name") or ""
        text = body.get("arguments") if body is function else body.get("input")
        if isinstance(text, dict):
            text = msgspec.json.encode(text).decode()
        call["text"] += text or ""
        call["custom"] = body is custom and bool(custom)

    def _whole(self, call: dict[str, Any]) -> Call:
        return Call(call["name"], meaning.arguments_of(call["text"], call["custom"]))


_CHAT_FINISH = {
    "stop": "end",
    "eos": "end",
    "length": "length",
    "model_length": "length",
    "max_tokens": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "filtered",
}


def _chat_usage(usage: Any) -> tuple[Counts | None, Counts | None]:
    if not usage or usage.get("prompt_tokens") is None:
        return None, None
    prompt = usage.get("prompt_tokens_details") or {}
    made = usage.get("completion_tokens_details") or {}
    thought = made.get("reasoning_tokens") or usage.get("reasoning_tokens") or 0
    output = usage.get("completion_tokens") or 0
    if thought and usage.get("total_tokens") == usage["prompt_tokens"] + output + thought:
        output += thought
    cached = (
        prompt.get("cached_tokens")
        or usage.get("cached_tokens")
        or usage.get("num_cached_tokens")
        or usage.get("prompt_cache_hit_tokens")
        or 0
    )
    written = prompt.get("cache_write_tokens") or 0
    counted = Counts(usage["prompt_tokens"], output, cached, written, thought)
    if cached <= counted.input:
        return counted, None
    # Grok on Azure counts the uncached part alone as the prompt.
    return msgspec.structs.replace(counted, input=counted.input + cached), counted


# --- messages, responses ---


def _messages_stream(sse: str) -> Meaning:
    for event in payloads(sse):
        if event.get("type") == "error":
            raise Told(_words(event["error"]))
    return _with_tools(meaning.of_messages(clients.messages_stream(sse.encode())))


def _messages_body(response: Json) -> Meaning:
    if response.get("type") == "error":
        raise Told(_words(response["error"]))
    return _with_tools(meaning.of_messages(response))


def _responses_stream(sse: str) -> Meaning:
    for event in payloads(sse):
        if event.get("type") == "error" or event.get("type") == "response.failed":
            error = event.get("error") or event.get("response", {}).get("error") or event
            raise Told(_words(error))
    return _with_tools(meaning.of_responses(clients.responses_stream(sse.encode())))


def _responses_body(response: Json) -> Meaning:
    if response.get("error"):
        raise Told(_words(response["error"]))
    return _with_tools(meaning.of_responses(response))


def _with_tools(found: Meaning) -> Meaning:
    """An end beside tool calls means that they are to be run."""
    answers = tuple(
        msgspec.structs.replace(answer, finish="tools")
        if answer.calls and answer.finish == "end"
        else answer
        for answer in found.answers
    )
    return msgspec.structs.replace(found, answers=answers)


# --- gemini ---

_GEMINI_FINISH = {
    "STOP": "end",
    "MAX_TOKENS": "length",
    "SAFETY": "filtered",
    "RECITATION": "filtered",
    "BLOCKLIST": "filtered",
    "PROHIBITED_CONTENT": "filtered",
    "SPII": "filtered",
    "IMAGE_SAFETY": "filtered",
    "MODEL_ARMOR": "filtered",
    "MALFORMED_FUNCTION_CALL": "broken",
    "UNEXPECTED_TOOL_CALL": "broken",
}


def _gemini_stream(sse: str) -> Meaning:
    return _gemini(list(payloads(sse)))


def _gemini_body(response: Json) -> Meaning:
    return _gemini([response])


def _gemini(chunks: list[Json]) -> Meaning:
    parts: dict[int, list[Json]] = {}
    finish: dict[int, str] = {}
    usage: Any = None
    for chunk in chunks:
        if chunk.get("error"):
            raise Told(_words(chunk["error"]))
        if (chunk.get("promptFeedback") or {}).get("blockReason"):
            parts.setdefault(0, [])
            finish[0] = "SAFETY"
        for candidate in chunk.get("candidates") or ():
            index = candidate.get("index") or 0
            content = candidate.get("content") or {}
            parts.setdefault(index, []).extend(content.get("parts") or ())
            finish[index] = candidate.get("finishReason") or finish.get(index, "")
        counted = chunk.get("usageMetadata") or {}
        usage = counted if "promptTokenCount" in counted or "totalTokenCount" in counted else usage
    answers = tuple(_gemini_answer(parts[index], finish[index]) for index in sorted(parts))
    return Meaning(answers, _gemini_usage(usage))


def _gemini_answer(parts: list[Json], finish: str) -> Answer:
    texts, thoughts, calls = [], [], []
    media = 0
    for part in parts:
        if "functionCall" in part:
            call = part["functionCall"]
            calls.append(Call(call["name"], call.get("args") or {}))
        elif part.get("thought"):
            thoughts.append(part.get("text", ""))
        elif "text" in part:
            texts.append(part["text"])
        elif "inlineData" in part or "fileData" in part:
            media += 1
    end = _GEMINI_FINISH.get(finish, "end")
    return Answer(
        text="".join(texts),
        thought=meaning.squeezed(thoughts),
        calls=tuple(calls),
        finish="tools" if calls and end == "end" else end,
        media=media,
    )


def _gemini_usage(usage: Any) -> Counts | None:
    if not usage:
        return None
    thought = usage.get("thoughtsTokenCount") or 0
    return Counts(
        (usage.get("promptTokenCount") or 0) + (usage.get("toolUsePromptTokenCount") or 0),
        (usage.get("candidatesTokenCount") or 0) + thought,
        usage.get("cachedContentTokenCount") or 0,
        0,
        thought,
    )


def _words(error: Any) -> str:
    return str(error.get("message", "")) if isinstance(error, dict) else str(error)


_STREAMS: Mapping[str, Callable[[str], Meaning]] = {
    "chat": _chat_stream,
    "messages": _messages_stream,
    "responses": _responses_stream,
    "gemini": _gemini_stream,
}
_BODIES: Mapping[str, Callable[[Json], Meaning]] = {
    "chat": _chat_body,
    "messages": _messages_body,
    "responses": _responses_body,
    "gemini": _gemini_body,
}
