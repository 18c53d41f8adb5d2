"""Every built-in policy, alone and together, in a world where everybody answers."""

from typing import Any

from headgate.policies.environment import Environment
from tests.policies.drive import Entry, Model, Service


def _answers(question: Any) -> Any:
    """What a moderation endpoint, an analyzer or a webhook says, whichever was asked."""
    text = question.get("text", "")
    if "input" in question:
        return {"results": [{"flagged": "gun" in str(question["input"]), "categories": {}}]}
    if "language" in question:
        start = text.find("forbidden")
        found = {"entity_type": "WORD", "start": start, "end": start + 9, "score": 0.9}
        return [found] if start >= 0 else []
    if "forbidden" in text:
        return {"action": "refuse", "reason": "no"}
    return {"action": "replace", "text": text.upper(), "arguments": "{}"}


WORLD = Environment(
    post=Service(_answers).post,
    ask_model=Model(lambda text: '{"allow": %s}' % ("false" if "gun" in text else "true")).ask,
)
EVERY: list[list[Entry]] = [
    [{"policy": "redact"}],
    [{"policy": "redact", "as": "hash", "hash_key": "k"}],
    [{"policy": "redact", "as": "token"}],
    [{"policy": "redact", "regexes": {"word": "for[a-z]+"}, "lookback": 40}],
    [{"policy": "redact", "parts": ["text"]}],
    [{"policy": "block", "words": ["forbidden", "bidden word"]}],
    [{"policy": "block", "regexes": {"x": "g.n"}, "topics": {"arms": ["gun", "rifle"]}}],
    [{"policy": "log_only", "words": ["forbidden"]}],
    [{"policy": "language", "allow": ["en"], "sample": 40}],
    [{"policy": "allow_tools", "tools": ["ls", "get*"]}],
    [{"policy": "deny_tools", "tools": ["rm*"], "answer": "That tool is not allowed."}],
    [{"policy": "deny_tools", "tools": ["rm*"], "action": "refuse"}],
    [{"policy": "require_json_schema", "schema": {"type": "object"}}],
    [{"policy": "judge", "model": "j", "rules": "none", "window": 20}],
    [{"policy": "webhook", "url": "http://hook", "replace": True, "window": 20}],
    [{"policy": "presidio", "url": "http://presidio", "window": 30}],
    [{"policy": "openai_moderation", "window": 30}],
    [
        {"policy": "inject_system", "text": "x"},
        {"policy": "max_tokens", "limit": 5},
        {"policy": "rename_model", "models": {"*": "other"}},
    ],
    [
        {"policy": "header", "header": "x-a", "value": "{user}"},
        {"policy": "tag", "tags": {"a": "b"}},
    ],
    [{"policy": "redact", "mode": "monitor"}, {"policy": "block", "words": ["gun"]}],
    [
        {
            "policy": "parallel",
            "policies": [
                {"policy": "block", "words": ["forbidden"]},
                {"policy": "language", "allow": ["en"], "sample": 40},
                {"policy": "judge", "model": "j", "rules": "none", "window": 30},
            ],
        }
    ],
    [
        {"policy": "redact", "patterns": ["email"]},
        {"policy": "deny_tools", "tools": ["rm"], "answer": "mail a@b.org"},
        {"policy": "redact", "regexes": {"mark": "EMAIL|mail"}},
        {"policy": "judge", "model": "j", "rules": "none", "window": 25},
    ],
]
