"""Gemini's log probabilities as OpenAI-shaped token entries."""

from typing import Any

from headgate.model.parts import Extras
from headgate.wire.json_fields import objects, text


def read_logprobs(candidate: dict[str, Any]) -> tuple[Extras, ...] | None:
    """The entries in ``logprobsResult``, None where there are none."""
    result = candidate.get("logprobsResult")
    if not isinstance(result, dict):
        return None
    others = objects(result, "topCandidates")
    entries = []
    for number, chosen in enumerate(objects(result, "chosenCandidates")):
        top = objects(others[number], "candidates") if number < len(others) else []
        entries.append({**_entry(chosen), "top_logprobs": [_entry(other) for other in top]})
    return tuple(entries) or None


def _entry(candidate: dict[str, Any]) -> dict[str, Any]:
    token = text(candidate, "token")
    value = candidate.get("logProbability")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "token": token,
        "logprob": value if number else 0.0,
        "bytes": list(token.encode("utf-8", "surrogatepass")),
    }
