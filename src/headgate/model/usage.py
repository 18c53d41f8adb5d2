"""Token counts with one meaning, whatever the vendor's own arithmetic is.

``input_tokens`` is all input, cached parts included (Anthropic reports the uncached part only,
Gemini leaves tool-use prompts out); ``output_tokens`` is all output, reasoning included (Gemini
and xAI leave it out). Source: docs/decisions/0001-hub-events.md, the usage table.
"""

from typing import Literal

import msgspec

from headgate.model.parts import Extras

UsageSource = Literal["provider", "counted", "estimated"]


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one reply so far; a field is None where nobody said it, and 0 is a real zero.

    ``extras`` is the vendor's object where ``dialect`` has more to say than the fields hold.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    dialect: str | None = None
    extras: Extras | None = None

    @property
    def total_tokens(self) -> int:
        """Input and output together; what is unknown counts as nothing."""
        return (self.input_tokens or 0) + (self.output_tokens or 0)


class Bill(msgspec.Struct, frozen=True):
    """Tokens of an attempt and where the figures come from; all None where nothing was used."""

    usage: Usage = Usage()
    source: UsageSource | None = None


def merge(earlier: Usage | None, later: Usage) -> Usage:
    """Both reports as one: the later one wins field by field; never a sum."""
    if earlier is None:
        return later
    return Usage(
        _last(earlier.input_tokens, later.input_tokens),
        _last(earlier.output_tokens, later.output_tokens),
        _last(earlier.cached_tokens, later.cached_tokens),
        _last(earlier.cache_write_tokens, later.cache_write_tokens),
        _last(earlier.cache_write_1h_tokens, later.cache_write_1h_tokens),
        _last(earlier.reasoning_tokens, later.reasoning_tokens),
        later.dialect or earlier.dialect,
        {**(earlier.extras or {}), **(later.extras or {})} or None,
    )


def _last(earlier: int | None, later: int | None) -> int | None:
    return earlier if later is None else later
