"""What models can do, by their names: data, one row a family; the first row that fits counts.

Sources: platform.claude.com/docs (models, thinking, effort, migration guides), the OpenAI model
pages and reasoning guide, ai.google.dev/gemini-api/docs/thinking, api-docs.deepseek.com. Vendors
change these monthly: a new generation needs a row here and nothing else.
"""

import functools
import re

import msgspec

from headgate.dialects.destination import Abilities
from headgate.model.request import Effort

_TO_HIGH: tuple[Effort, ...] = ("low", "medium", "high")
_FROM_MINIMAL: tuple[Effort, ...] = ("minimal", "low", "medium", "high")
_TO_MAX: tuple[Effort, ...] = ("low", "medium", "high", "max")
_TO_XHIGH: tuple[Effort, ...] = ("low", "medium", "high", "xhigh")
_ALL_BUT_NONE: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")

_CLAUDE = Abilities(
    thinking="adaptive",
    efforts=_ALL_BUT_NONE,
    fixed_sampling=True,
    most_output=128_000,
    prefill=False,
)
_CLAUDE_4_6 = Abilities(
    thinking="adaptive_or_budget",
    efforts=_TO_MAX,
    one_of_temperature_top_p=True,
    most_output=128_000,
    prefill=False,
)
_CLAUDE_4_5 = Abilities(thinking="budget", one_of_temperature_top_p=True, most_output=64_000)
_CLAUDE_4 = Abilities(thinking="budget", most_output=64_000, native_schema=False)
_CLAUDE_3 = Abilities(thinking="none", most_output=4_096, native_schema=False)

_GPT_PLAIN = Abilities(thinking="none", most_output=16_384)
_GPT_OLD = Abilities(thinking="none", most_output=4_096, native_schema=False, images=False)
_O_SERIES = Abilities(
    efforts=_TO_HIGH, thinking_off=False, fixed_sampling=True, most_output=100_000
)
_GPT_5 = Abilities(
    efforts=_FROM_MINIMAL,
    thinking_off=False,
    fixed_sampling=True,
    most_output=128_000,
)

_GEMINI_2_5 = Abilities(thinking="budget", most_output=65_536)
_GEMINI_3 = Abilities(thinking="level", efforts=_TO_HIGH, thinking_off=False, most_output=65_536)
_OPEN_TEXT = Abilities(thinking="none", most_output=16_384, images=False)


def _but(abilities: Abilities, **changes: object) -> Abilities:
    return msgspec.structs.replace(abilities, **changes)


ROWS: tuple[tuple[str, Abilities], ...] = (
    # Claude. Names also come reversed (claude-3-5-haiku, claude-4-6-opus) and without a version.
    (r"claude-(fable|mythos)", _but(_CLAUDE, thinking_off=False, mid_system=True)),
    (r"claude-opus-5-[1-9]", _but(_CLAUDE, thinking_off=False, mid_system=True)),
    (r"claude-sonnet-5-[1-9]", _but(_CLAUDE, thinking_off=False)),
    (r"claude-opus-(5|4-[89])", _but(_CLAUDE, mid_system=True)),
    (r"claude-[a-z]+-4-6|claude-4-6", _CLAUDE_4_6),
    (r"claude-[a-z]+-4-5|claude-4-5", _CLAUDE_4_5),
    (
        r"claude-opus-4-1|claude-4-1",
        _but(_CLAUDE_4, one_of_temperature_top_p=True, most_output=32_000),
    ),
    (r"claude-[a-z]+-4-[78]|claude-4-[78]", _CLAUDE),
    (r"claude-(opus-4|4-opus)", _but(_CLAUDE_4, most_output=32_000)),
    (r"claude-(sonnet-4|4-sonnet)", _CLAUDE_4),
    (r"claude-3-7", _CLAUDE_4),
    (r"claude-3-5", _but(_CLAUDE_3, most_output=8_192)),
    (r"claude-(3|2|instant)", _CLAUDE_3),
    (r"claude", _CLAUDE),
    # OpenAI.
    (
        r"gpt-oss",
        Abilities(efforts=_TO_HIGH, thinking_off=False, most_output=32_768, images=False),
    ),
    (r"gpt-5(-[0-9])?-chat|chatgpt|chat-latest", _GPT_PLAIN),
    (r"gpt-5-pro", _but(_GPT_5, efforts=("high",), most_output=272_000)),
    (r"gpt-5-[2-9]-pro", _but(_GPT_5, efforts=("medium", "high", "xhigh"))),
    (r"gpt-5-codex|gpt-5-1-codex(-mini)?\Z", _but(_GPT_5, efforts=_TO_HIGH)),
    (r"gpt-5-[1-5]-codex", _but(_GPT_5, efforts=_TO_XHIGH)),
    (r"gpt-5-1", _but(_GPT_5, efforts=("none", *_TO_HIGH), thinking_off=True)),
    (r"gpt-5-[2-5]", _but(_GPT_5, efforts=("none", *_TO_XHIGH), thinking_off=True)),
    (
        r"gpt-(5-([6-9]|[1-9][0-9])|[6-9])(-|\Z)",
        _but(_GPT_5, efforts=("none", *_ALL_BUT_NONE), thinking_off=True),
    ),
    (r"gpt-5", _GPT_5),
    (r"gpt-4-1", _but(_GPT_PLAIN, most_output=32_768)),
    (r"gpt-4o|gpt-4-5", _GPT_PLAIN),
    (r"gpt-4-(turbo|vision)", _but(_GPT_OLD, images=True)),
    (r"gpt-(4|3)", _GPT_OLD),
    (
        r"(\A|/)o1-(mini|preview)",
        _but(_O_SERIES, thinking="none", native_schema=False, images=False, most_output=32_768),
    ),
    (r"(\A|/)o3-mini", _but(_O_SERIES, images=False)),
    (r"(\A|/)o[1-9](-|\Z)", _O_SERIES),
    # Google.
    (r"gemini-(2-5|flash|pro)-?.*image|gemini-.*image", _but(_GEMINI_2_5, thinking="none")),
    (r"gemini-2-5-pro", _but(_GEMINI_2_5, thinking_off=False)),
    (r"gemini-2-5", _GEMINI_2_5),
    (r"gemini-[12]", Abilities(thinking="none", most_output=8_192)),
    (r"gemini-3-pro", _but(_GEMINI_3, efforts=("low", "high"))),
    (r"gemini-3-(1-)?flash", _but(_GEMINI_3, efforts=_FROM_MINIMAL)),
    (r"gemini", _GEMINI_3),
    (r"gemma|palm", _but(_OPEN_TEXT, images=True, most_output=8_192)),
    # Others.
    (r"deepseek-(reasoner|r[1-9])", _but(_OPEN_TEXT, native_schema=False, most_output=64_000)),
    (
        r"deepseek-(v4|flash)",
        Abilities(
            efforts=_ALL_BUT_NONE,
            thinking_off=False,
            most_output=64_000,
            native_schema=False,
            images=False,
        ),
    ),
    (r"deepseek", _but(_OPEN_TEXT, native_schema=False, most_output=8_192)),
    (r"qwen.*(vl|omni)|qvq", _but(_OPEN_TEXT, images=True)),
    (r"qwen|qwq", _OPEN_TEXT),
    (r"grok-3-mini", Abilities(efforts=("low", "high"), thinking_off=False, images=False)),
    (r"grok", Abilities(thinking="none")),
    (r"glm-[0-9-]*v(-|\Z)", _but(_OPEN_TEXT, images=True, native_schema=False)),
    (r"glm", _but(_OPEN_TEXT, native_schema=False, most_output=32_768)),
    (r"kimi|moonshot", _but(_OPEN_TEXT, images=True, most_output=32_768)),
    (r"pixtral|mistral-(small|medium|large)|magistral", _but(_OPEN_TEXT, images=True)),
    (r"mi[sx]tral|codestral|devstral|ministral", _OPEN_TEXT),
    (r"llama-?4|llama.*vision", _but(_OPEN_TEXT, images=True, most_output=8_192)),
    (r"llama", _but(_OPEN_TEXT, most_output=8_192)),
    (r"sonar", Abilities(thinking="none", most_output=8_192)),
    (r"command", _but(_OPEN_TEXT, most_output=8_192)),
)
"""Patterns of normalised names and what such models can do."""

_COMPILED = tuple((re.compile(pattern), abilities) for pattern, abilities in ROWS)
_SEPARATORS = re.compile(r"[._@:\s]+")
_DATE = re.compile(r"-20[0-9]{2}-?[0-9]{2}-?[0-9]{2}")


@functools.lru_cache(maxsize=1024)
def abilities_of(model: str) -> Abilities:
    """What `model` can do; of an unknown one nothing is assumed but the dialect's ordinary."""
    name = _DATE.sub("", _SEPARATORS.sub("-", model[:200].lower()))
    return next((found for row, found in _COMPILED if row.search(name)), Abilities())
