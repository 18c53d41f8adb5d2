import re

import pytest

from headgate.backends.abilities import ROWS, abilities_of
from headgate.dialects.destination import Abilities
from headgate.model.effort import ORDER


@pytest.mark.parametrize(
    ("models", "thinking"),
    [
        ("claude-3-haiku-20240307 claude-3-5-sonnet-latest gpt-4o-mini chatgpt-4o-latest", "none"),
        ("claude-3-7-sonnet-latest claude-sonnet-4-20250514 claude-opus-4-1"
         " claude-opus-4-5@20251101 us.anthropic.claude-haiku-4-5-20251001-v1:0"
         " gemini-2.5-flash", "budget"),
        ("claude-opus-4-6 anthropic/claude-sonnet-4.6 anthropic/claude-4.6-opus",
         "adaptive_or_budget"),
        ("claude-opus-4-7 claude-opus-4-8 claude-opus-5 claude-sonnet-5 claude-haiku-5-5"
         " claude-fable-5-1 claude-something-new", "adaptive"),
        ("o3 openai/o4-mini gpt-5 gpt-5.1 gpt-5.6-terra gpt-6-sol gpt-oss-120b unknown", "effort"),
        ("gemini-3-pro-preview gemini-3.1-pro-preview gemini-3.8-flash", "level"),
    ],
)  # fmt: skip
def test_how_a_family_is_asked_to_think(models: str, thinking: str) -> None:
    for model in models.split():
        assert abilities_of(model).thinking == thinking, model


@pytest.mark.parametrize(
    ("model", "efforts"),
    [
        ("claude-sonnet-4-6", "low medium high max"),
        ("claude-opus-5", "low medium high xhigh max"),
        ("o4-mini-2025-04-16", "low medium high"),
        ("gpt-5-2025-08-07", "minimal low medium high"),
        ("gpt-5-mini", "minimal low medium high"),
        ("gpt-5-pro", "high"),
        ("gpt-5.1", "none low medium high"),
        ("gpt-5.1-codex-max", "low medium high xhigh"),
        ("gpt-5.4-mini", "none low medium high xhigh"),
        ("gpt-5.6-sol", "none low medium high xhigh max"),
        ("gpt-6-sol", "none low medium high xhigh max"),
        ("gemini-3-pro-preview", "low high"),
        ("gemini-3-flash-preview", "minimal low medium high"),
        ("some-model", ""),
    ],
)
def test_which_efforts_a_model_accepts(model: str, efforts: str) -> None:
    assert abilities_of(model).efforts == tuple(efforts.split())


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("claude-3-haiku-20240307", 4_096), ("claude-opus-4-0", 32_000), ("claude-haiku-4-5", 64_000),
     ("claude-opus-4-8", 128_000), ("gpt-4o", 16_384), ("some-model", 32_000)],
)  # fmt: skip
def test_the_cap_where_the_caller_names_none(model: str, tokens: int) -> None:
    assert abilities_of(model).most_output == tokens


def test_newer_claude_models_refuse_what_older_ones_took() -> None:
    for model in ("claude-opus-4-7", "claude-sonnet-5", "claude-haiku-5-5"):
        abilities = abilities_of(model)
        assert (abilities.fixed_sampling, abilities.prefill) == (True, False), model
    assert abilities_of("claude-sonnet-4-5").prefill
    assert not abilities_of("claude-sonnet-4-6").prefill
    assert abilities_of("claude-haiku-4-5").one_of_temperature_top_p


def test_some_models_cannot_stop_thinking() -> None:
    for model in ("claude-fable-5", "claude-opus-5-5", "claude-sonnet-5-5", "o3", "gemini-2.5-pro"):
        assert not abilities_of(model).thinking_off, model
    for model in ("claude-opus-5", "claude-haiku-5-5", "gpt-5.2", "gemini-2.5-flash"):
        assert abilities_of(model).thinking_off, model


def test_mid_conversation_system_messages_are_new() -> None:
    for model in ("claude-opus-4-8", "claude-opus-5", "claude-mythos-5"):
        assert abilities_of(model).mid_system, model
    for model in ("claude-opus-4-7", "claude-sonnet-5", "gpt-5"):
        assert not abilities_of(model).mid_system, model


def test_of_an_unknown_model_nothing_is_assumed() -> None:
    assert abilities_of("foo1-mini") == Abilities()
    assert abilities_of("") == Abilities()


def test_rows_are_sound() -> None:
    for pattern, abilities in ROWS:
        re.compile(pattern)
        assert list(abilities.efforts) == sorted(abilities.efforts, key=ORDER.index), pattern
        assert abilities.thinking != "level" or abilities.efforts, pattern
