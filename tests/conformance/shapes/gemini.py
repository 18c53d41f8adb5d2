"""Streams of generateContent."""

from typing import Any

Json = dict[str, Any]


def part(*parts: Json, finish: str | None = None, index: int = 0, **more: Any) -> Json:
    """One response object of one candidate."""
    candidate: Json = {"index": index, "content": {"role": "model", "parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "gemini", "responseId": "r", **more}


METADATA = {
    "promptTokenCount": 4,
    "candidatesTokenCount": 6,
    "thoughtsTokenCount": 3,
    "totalTokenCount": 13,
}

STREAMS: dict[str, tuple[Json, ...]] = {
    "calls over several chunks": (
        part({"text": "hm", "thought": True}),
        part({"functionCall": {"name": "look", "args": {"q": 1}}, "thoughtSignature": "c2ln"}),
        part({"functionCall": {"name": "look", "args": {"q": [{"x": None}]}}}),
        part({"text": ""}, finish="STOP", usageMetadata=METADATA),
    ),
    "a call without arguments": (
        part({"functionCall": {"name": "now"}}, finish="STOP", usageMetadata=METADATA),
    ),
    "a picture with a signature": (
        part({"text": "see"}),
        part(
            {
                "inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="},
                "thoughtSignature": "s",
            }
        ),
        part(finish="STOP", usageMetadata=METADATA),
    ),
    "sound": (
        part({"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AAAA"}}),
        part(finish="STOP"),
    ),
    "code that the vendor runs": (
        part({"executableCode": {"language": "PYTHON", "code": "1+1"}}),
        part({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}}),
        part({"text": "2"}, finish="STOP"),
    ),
    "two candidates": (
        part({"text": "a"}),
        part({"text": "b"}, index=1),
        part({"text": "c"}, finish="STOP"),
        part(finish="MAX_TOKENS", index=1, usageMetadata=METADATA),
    ),
    "sources of a search": (
        part({"text": "It is so."}),
        {
            "candidates": [
                {
                    "index": 0,
                    "finishReason": "STOP",
                    "groundingMetadata": {
                        "groundingChunks": [{"web": {"uri": "https://a.example/", "title": "A"}}],
                        "groundingSupports": [
                            {"segment": {"endIndex": 9}, "groundingChunkIndices": [0]}
                        ],
                    },
                }
            ],
            "usageMetadata": METADATA,
        },
    ),
    "a prompt that is blocked": (
        {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}},
    ),
    "an answer that is blocked": (part({"text": "a"}), part(finish="SAFETY")),
    "cut in the middle of thought": (
        part({"text": "hm", "thought": True}),
        part(finish="MAX_TOKENS", usageMetadata=METADATA),
    ),
    "a candidate without content": (
        part({"text": "a"}),
        {"candidates": [{"finishReason": "STOP", "index": 0}], "usageMetadata": METADATA},
    ),
    "counts that come late": (
        part({"text": "a"}, usageMetadata={"trafficType": "ON_DEMAND"}),
        part(finish="STOP", usageMetadata={**METADATA, "cachedContentTokenCount": 2}),
    ),
    "an end that nobody knows": (part({"text": "a"}), part(finish="NOVELTY")),
    "an error behind the first words": (
        part({"text": "a"}),
        {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}},
    ),
}
