"""Small answers of the endpoints that are no conversations, so that their clients see something."""

from typing import Any

from headgate.mock.listings import echo
from headgate.mock.lookup import count_words
from headgate.mock.voice import Payload

_CREATED = 1735689600
_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
"""A PNG of one pixel."""
_HEARD = "This is what the mock heard."


def answer(path: str, body: Payload, model: str) -> Payload:
    """What the endpoint at the end of `path` answers; an echo where it has no words of ours."""
    for end, speak in _ANSWERS:
        if path.endswith(end):
            return speak(body, model)
    return echo(path, body)


def _completion(body: Payload, model: str) -> Payload:
    prompts = [str(one) for one in _listed(body.get("prompt"))]
    choice = {"logprobs": None, "finish_reason": "stop"}
    words = sum(map(count_words, prompts))
    return {
        "id": "cmpl-mock",
        "object": "text_completion",
        "created": _CREATED,
        "model": model,
        "choices": [{"index": n, "text": text, **choice} for n, text in enumerate(prompts)],
        "usage": {"prompt_tokens": words, "completion_tokens": words, "total_tokens": 2 * words},
    }


def _moderation(body: Payload, model: str) -> Payload:
    verdict = {"flagged": False, "categories": {}, "category_scores": {}}
    inputs = _listed(body.get("input"))
    return {"id": "modr-mock", "model": model, "results": [verdict for _ in inputs]}


def _ranking(body: Payload, model: str) -> Payload:
    """By how many words of the query a document has."""
    asked = set(str(body.get("query", "")).lower().split())
    texts = [_text(one) for one in _listed(body.get("documents"))]
    scores = [len(asked & set(text.lower().split())) / (len(asked) or 1) for text in texts]
    ranked = sorted(range(len(texts)), key=lambda number: -scores[number])
    most = body.get("top_n")
    kept = ranked[:most] if isinstance(most, int) and most >= 0 else ranked
    words = len(asked) + sum(map(count_words, texts))
    return {
        "id": "rerank-mock",
        "model": model,
        "results": [{"index": number, "relevance_score": scores[number]} for number in kept],
        "usage": {"total_tokens": words},
    }


def _pictures(body: Payload, model: str) -> Payload:
    del model
    asked = body.get("n")
    count = asked if isinstance(asked, int) and 1 <= asked <= 10 else 1
    words = count_words(str(body.get("prompt", "")))
    usage = {"input_tokens": words, "output_tokens": count, "total_tokens": words + count}
    return {"created": _CREATED, "data": [{"b64_json": _PIXEL}] * count, "usage": usage}


def _heard(body: Payload, model: str) -> Payload:
    del body, model
    return {"text": _HEARD, "usage": {"type": "duration", "seconds": 1}}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(document: Any) -> str:
    return str(document.get("text", "")) if isinstance(document, dict) else str(document)


_ANSWERS = (
    ("/completions", _completion),
    ("/moderations", _moderation),
    ("/rerank", _ranking),
    ("/images/generations", _pictures),
    ("/images/edits", _pictures),
    ("/images/variations", _pictures),
    ("/audio/transcriptions", _heard),
    ("/audio/translations", _heard),
)
