"""Gemini generateContent as the scripted upstream speaks it."""

from typing import Any

from headgate.mock.lookup import count_words, items, member, text_of
from headgate.mock.voice import Failure, Heard, Payload, Said, Voice, error_type


def hear(body: Payload, stream: bool) -> Heard:
    """The system instruction counts as words of the prompt; a content without role is a user's."""
    texts = [(one.get("role"), text_of(one.get("parts"))) for one in items(body.get("contents"))]
    last = next((text for role, text in reversed(texts) if role in ("user", None)), "")
    system = text_of(member(body, "systemInstruction").get("parts"))
    return Heard(last, sum(count_words(text) for _, text in texts) + count_words(system))


def speak(said: Said) -> list[Payload]:
    """A chunk a piece, usage so far on each, then an empty one with the finish reason."""
    chunks: list[Payload] = []
    tokens = 0
    for piece in said.pieces:
        tokens += count_words(piece)
        chunks.append(_chunk(said, {"content": _content(piece), "index": 0}, tokens))
    last = {"content": _content(""), "finishReason": "STOP", "index": 0}
    return [*chunks, _chunk(said, last, said.completion_tokens)]


def fold(payloads: list[Any], said: Said) -> Payload:
    """One response with the parts of all chunks, neighbouring text joined."""
    whole: Payload = {"modelVersion": said.model, "responseId": said.id}
    candidates: dict[int, Payload] = {}
    for payload in items(payloads):
        whole.update((key, value) for key, value in payload.items() if key != "candidates")
        for candidate in items(payload.get("candidates")):
            _add_candidate(candidates, candidate)
    return {"candidates": [candidates[index] for index in sorted(candidates)], **whole}


def terminator(payloads: list[Any], said: Said) -> None:
    """Gemini's streams end with their bytes."""
    return


def is_terminator(payload: Any) -> bool:
    """Never."""
    return False


def error(failure: Failure) -> Payload:
    """The error object, the same in a body and in a stream."""
    words = {"code": failure.status, "message": failure.message}
    return {"error": {**words, "status": error_type(failure.status, "google")}}


def _content(text: str) -> Payload:
    return {"role": "model", "parts": [{"text": text}]}


def _chunk(said: Said, candidate: Payload, tokens: int) -> Payload:
    chunk: Payload = {"candidates": [candidate]}
    if said.usage:
        chunk["usageMetadata"] = {
            "promptTokenCount": said.prompt_tokens,
            "candidatesTokenCount": tokens,
            "totalTokenCount": said.prompt_tokens + tokens,
        }
    return {**chunk, "modelVersion": said.model, "responseId": said.id}


def _add_candidate(candidates: dict[int, Payload], candidate: Payload) -> None:
    index = candidate.get("index")
    number = index if isinstance(index, int) else 0
    whole = candidates.setdefault(number, {"content": {"role": "model", "parts": []}})
    whole.update((key, value) for key, value in candidate.items() if key != "content")
    parts = whole["content"]["parts"]
    for part in items(member(candidate, "content").get("parts")):
        if parts and _is_text(part) and _is_text(parts[-1]):
            parts[-1]["text"] += part["text"]
        else:
            parts.append(dict(part))


def _is_text(part: Payload) -> bool:
    return part.keys() == {"text"} and isinstance(part["text"], str)


VOICE = Voice(
    hear=hear,
    speak=speak,
    fold=fold,
    terminator=terminator,
    is_terminator=is_terminator,
    error=error,
    named=False,
)
