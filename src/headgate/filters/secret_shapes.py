"""Takes secrets of known shapes out of text: keys, tokens, private keys.

A shape is looked for only where its first letters stand in the text, so that text without any
costs a few searches for words.
"""

import re
from collections.abc import Mapping

REDACTED = "[redacted]"

_WORD = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))"
"""Where a secret may begin: not inside a word, but behind an escape of JSON text, whose letter is
no letter of a word."""

_SHAPES: Mapping[str, str] = {
    "sk-": _WORD + r"sk-[A-Za-z0-9_-]{16,}",
    "hg-": _WORD + r"hg-[A-Za-z0-9_-]{16,}",
    "sk_": _WORD + r"sk_(?:live|test)_[A-Za-z0-9]{16,}",
    "gsk_": _WORD + r"gsk_[A-Za-z0-9]{20,}",
    "hf_": _WORD + r"hf_[A-Za-z0-9]{20,}",
    "xai-": _WORD + r"xai-[A-Za-z0-9]{20,}",
    "AIza": _WORD + r"AIza[A-Za-z0-9_-]{35}",
    "AKIA": _WORD + r"AKIA[A-Z0-9]{16}(?![A-Za-z0-9])",
    "ASIA": _WORD + r"ASIA[A-Z0-9]{16}(?![A-Za-z0-9])",
    "gh": _WORD + r"gh[pousr]_[A-Za-z0-9]{30,}",
    "github_pat_": _WORD + r"github_pat_[A-Za-z0-9_]{30,}",
    "glpat-": _WORD + r"glpat-[A-Za-z0-9_-]{16,}",
    "xox": _WORD + r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "eyJ": _WORD + r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    "-----BEGIN": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=\s:,-]|\\[nr])*+",
}
_FIRST = {first: re.compile(shape) for first, shape in _SHAPES.items()}
_BEARER = re.compile(r"(?i:(bearer)(?:\s|%20)+)[A-Za-z0-9._~+/=-]{16,}")


def redact(text: str) -> str:
    """`text` without what looks like a secret."""
    for first, shape in _FIRST.items():
        if first in text:
            text = shape.sub(REDACTED, text)
    if "earer" in text or "EARER" in text:
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    return text
