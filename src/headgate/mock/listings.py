"""Answers that generate nothing: model lists, token counts, embeddings, echoes."""

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from headgate.mock.lookup import count_words, member
from headgate.mock.play import VOICES
from headgate.mock.script import DialectName
from headgate.mock.voice import Payload

MAX_DIMENSIONS = 4096
_DIMENSIONS = 8
_CREATED = 1735689600
_CREATED_AT = "2025-01-01T00:00:00Z"


def model_list(models: Sequence[str], dialect: DialectName) -> Payload:
    """The list with the keys of both OpenAI and Anthropic, or Gemini's."""
    if dialect == "gemini":
        return {"models": [_gemini_model(name) for name in models]}
    return {
        "object": "list",
        "data": [model(name) for name in models],
        "has_more": False,
        "first_id": models[0] if models else None,
        "last_id": models[-1] if models else None,
    }


def model(name: str, dialect: DialectName = "chat") -> Payload:
    """One model."""
    if dialect == "gemini":
        return _gemini_model(name)
    return {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "headgate",
        "type": "model",
        "display_name": name,
        "created_at": _CREATED_AT,
    }


def token_count(dialect: DialectName, body: Payload) -> Payload:
    """The words of the prompt, in the dialect's own key."""
    key = "totalTokens" if dialect == "gemini" else "input_tokens"
    body = member(body, "generateContentRequest") or body
    return {key: VOICES[dialect].hear(body, False).prompt_tokens}


def embeddings(body: Payload, model_name: str) -> Payload:
    """A vector an input, the same for the same text, as numbers or base64 as asked."""
    texts = _inputs(body.get("input"))
    asked = body.get("dimensions")
    size = asked if isinstance(asked, int) and 0 < asked <= MAX_DIMENSIONS else _DIMENSIONS
    packed = body.get("encoding_format") == "base64"
    words = sum(count_words(text) for text in texts)
    return {
        "object": "list",
        "model": model_name,
        "data": [
            {"object": "embedding", "index": number, "embedding": _vector(text, size, packed)}
            for number, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": words, "total_tokens": words},
    }


def echo(path: str, body: Payload) -> Payload:
    """What arrived, for paths whose answers have no words of ours."""
    return {"object": "echo", "path": path, "body": body}


def _gemini_model(name: str) -> Payload:
    methods = ["generateContent", "streamGenerateContent", "countTokens"]
    return {
        "name": f"models/{name}",
        "displayName": name,
        "version": "1",
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": methods,
    }


def _inputs(given: Any) -> list[str]:
    """The texts of ``input``: one or several strings, or one or several lists of token ids."""
    if not isinstance(given, list):
        return ["" if given is None else str(given)]
    if given and all(isinstance(one, int) for one in given):
        return [_tokens(given)]
    return [_tokens(one) if isinstance(one, list) else str(one) for one in given]


def _tokens(ids: list[Any]) -> str:
    return " ".join(str(one) for one in ids)


def _vector(text: str, size: int, packed: bool) -> list[float] | str:
    data = text.encode("utf-8", "surrogatepass")
    # Multiples of 1/128 are the same number in binary32 and in JSON.
    numbers = [zlib.crc32(data, seed) % 256 / 128 - 1 for seed in range(size)]
    if not packed:
        return numbers
    return base64.b64encode(struct.pack(f"<{size}f", *numbers)).decode()
