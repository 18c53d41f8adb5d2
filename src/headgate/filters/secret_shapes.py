"""Takes secrets of known shapes out of text: keys, tokens, private keys.

A shape is looked for only where its first letters stand in the text, and its pattern begins with
them: what holds no secret costs a few searches for words.
"""

import re
from collections.abc import Mapping

REDACTED = "[redacted]"

_SHAPES: Mapping[str, str] = {
    "sk-": r"[A-Za-z0-9_-]{16,}",
    "hg-": r"[A-Za-z0-9_-]{16,}",
    "sk_": r"(?:live|test)_[A-Za-z0-9]{16,}",
    "gsk_": r"[A-Za-z0-9]{20,}",
    "hf_": r"[A-Za-z0-9]{20,}",
    "xai-": r"[A-Za-z0-9]{20,}",
    "AIza": r"[A-Za-z0-9_-]{35}",
    "AKIA": r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    "ASIA": r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    "ghp_": r"[A-Za-z0-9]{30,}",
    "gho_": r"[A-Za-z0-9]{30,}",
    "ghu_": r"[A-Za-z0-9]{30,}",
    "ghs_": r"[A-Za-z0-9]{30,}",
    "ghr_": r"[A-Za-z0-9]{30,}",
    "github_pat_": r"[A-Za-z0-9_]{30,}",
    "glpat-": r"[A-Za-z0-9_-]{16,}",
    "xox": r"[abeoprs]-[A-Za-z0-9-]{10,}",
    "eyJ": r"[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
}
"""From the first letters of a secret to the rest of its shape."""

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=\s:,]|\\+[nr])*+"
    r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)?"
)
_BEARER = re.compile(r"([Bb]earer|BEARER)(?:\s|%20)+[A-Za-z0-9._~+/=-]{16,}")


def redact(text: str) -> str:
    """`text` without what looks like a secret."""
    for first, shape in _PATTERNS.items():
        if first in text:
            text = shape.sub(REDACTED, text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(REDACTED, text)
    if "earer" in text or "BEARER" in text:
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    return text


def mask(data: bytes) -> bytes:
    """`data` with stars in the place of what looks like a secret; nothing moves."""
    if not any(word in data for word in _WORDS):
        return data
    text = data.decode("latin-1")
    for shape in (*_PATTERNS.values(), _PRIVATE_KEY):
        text = shape.sub(lambda found: "*" * len(found[0]), text)
    text = _BEARER.sub(lambda found: found[1] + "*" * (len(found[0]) - len(found[1])), text)
    return text.encode("latin-1")


def _pattern(first: str, rest: str) -> re.Pattern[str]:
    """A secret does not begin inside a word; an escape of JSON text before it ends in a letter
    that belongs to no word."""
    begins = rf"(?:(?<![A-Za-z0-9]{first})|(?<=\\[bfnrt]{first})|(?<=\\u[0-9a-fA-F]{{4}}{first}))"
    return re.compile(first + begins + rest)


_PATTERNS = {first: _pattern(first, rest) for first, rest in _SHAPES.items()}
_WORDS = tuple(word.encode() for word in (*_SHAPES, "PRIVATE KEY", "earer", "BEARER"))
