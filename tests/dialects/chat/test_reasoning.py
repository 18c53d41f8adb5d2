from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.reasoning import (
    HOME_VENDOR,
    read_reasoning,
    spell_for_backend,
    spell_for_caller,
    write_details,
)
from headgate.model.parts import Reasoning
from headgate.model.state import OpaqueState, seal

ANTHROPIC = OpaqueState("anthropic", "sig")


def parts(**message: Any) -> list[Reasoning]:
    return [part for part, _ in read_reasoning(message, HOME_VENDOR)]


def test_only_the_home_vendors_state_is_bare_for_callers() -> None:
    assert spell_for_caller(OpaqueState(HOME_VENDOR, "x")) == "x"
    assert spell_for_caller(ANTHROPIC) == seal(ANTHROPIC)


def test_only_its_own_state_is_spelled_for_a_backend() -> None:
    assert spell_for_backend(ANTHROPIC, "anthropic") == "sig"
    assert spell_for_backend(ANTHROPIC, "openai") is None
    assert spell_for_backend(None, "openai") is None


def test_the_one_text_goes_to_a_signature_without_words() -> None:
    entry = {"type": "reasoning.text", "signature": seal(ANTHROPIC), "index": 0}
    assert parts(reasoning_content="hm", reasoning_details=[entry]) == [
        Reasoning("hm", state=ANTHROPIC)
    ]


def test_the_entries_own_words_count_before_the_one_text() -> None:
    entries = [{"type": "reasoning.text", "text": t, "signature": t} for t in ("a", "b")]
    found = parts(reasoning_content="ab", reasoning_details=entries)
    assert [(part.text, part.state and part.state.value) for part in found] == [
        ("a", "a"),
        ("b", "b"),
    ]


def test_encrypted_state_joins_the_summary_before_it() -> None:
    entries = [
        {"type": "reasoning.summary", "summary": "s", "id": "r"},
        {"type": "reasoning.encrypted", "data": "d", "id": "r"},
        {"type": "reasoning.encrypted", "data": "e", "id": "q"},
    ]
    first, second = parts(reasoning_details=entries)
    assert (first.text, first.summary, first.state) == (
        "s",
        True,
        OpaqueState(HOME_VENDOR, "d", "encrypted", "r"),
    )
    assert second == Reasoning(state=OpaqueState(HOME_VENDOR, "e", "encrypted", "q"))


def test_a_damaged_seal_is_dropped_and_its_words_are_kept() -> None:
    entry = {"type": "reasoning.text", "text": "hm", "signature": "hg1.anthropic.AAAA"}
    assert parts(reasoning_details=[entry]) == [Reasoning("hm")]


def test_thinking_blocks_are_an_older_form_of_entries() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
    ]
    first, second = parts(reasoning_content="hm", thinking_blocks=blocks)
    assert first == Reasoning("hm", state=OpaqueState(HOME_VENDOR, "s"))
    assert second.state == OpaqueState(HOME_VENDOR, "d", "encrypted")


@pytest.mark.parametrize("value", [None, "", 5, [], [5], [{}], {"a": 1}])
def test_nothing_is_found_in_nothing(value: Any) -> None:
    assert parts(reasoning_content=value, reasoning_details=value) == []


_states = st.builds(
    OpaqueState,
    st.sampled_from(["anthropic", "openai", "a.b"]),
    st.text(min_size=1, max_size=8),
    st.sampled_from(["signature", "encrypted", "redacted"]),
    st.none() | st.text(min_size=1, max_size=4),
)


@given(st.lists(st.builds(Reasoning, st.text(max_size=8), st.just(False), _states), max_size=4))
@settings(max_examples=60)
def test_state_comes_back_from_callers_as_it_was_told_to_them(thoughts: list[Reasoning]) -> None:
    entries: list[Any] = []
    for thought in thoughts:
        assert thought.state is not None
        entries += write_details(thought, spell_for_caller(thought.state), len(entries))
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    found = parts(reasoning_details=entries)
    assert [(part.text, part.state) for part in found] == [(t.text, t.state) for t in thoughts]
