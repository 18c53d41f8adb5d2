"""Opaque state and its seal."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.state import PREFIX, OpaqueState, read_state, seal, unseal

KINDS = st.sampled_from(["signature", "encrypted", "redacted"])
ISSUERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=20)
STATES = st.builds(OpaqueState, ISSUERS, st.text(), KINDS, st.none() | st.text())


@given(STATES)
@settings(max_examples=100)
def test_what_is_sealed_comes_out_as_it_was(state: OpaqueState) -> None:
    sealed = seal(state)
    assert unseal(sealed) == state
    assert read_state(sealed, "anybody", "signature") == state
    assert sealed.isascii()
    assert sealed.startswith(PREFIX + state.issuer)


@given(st.text())
@settings(max_examples=100)
def test_a_fields_own_value_belongs_to_its_vendor(text: str) -> None:
    if not text.startswith(PREFIX):
        assert unseal(text) is None
        assert read_state(text, "openai", "encrypted") == OpaqueState("openai", text, "encrypted")


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
@settings(max_examples=100)
def test_a_damaged_seal_belongs_to_nobody(text: str) -> None:
    hostile = f"{PREFIX}anthropic.{text}"
    state = unseal(hostile)
    assert state is None or seal(state)
    assert read_state(hostile, "openai", "signature") == state


@given(STATES, st.data())
@settings(max_examples=60)
def test_a_seal_that_was_cut_is_never_another_state(
    state: OpaqueState, data: st.DataObject
) -> None:
    sealed = seal(state)
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    assert unseal(cut) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hg1.",
        "hg1..e30",
        "hg1.anthropic.",
        "hg1.anthropic.e30",
        "hg1.anthropic.!!!",
        "hg1.anthropic.bnVsbA",
        "hg1.anthropic." + base64.urlsafe_b64encode(b'{"v":1}').decode(),
        "hg1.anthropic." + base64.urlsafe_b64encode(b'{"v":"x","k":"odd"}').decode(),
        "hg1.anthropic." + base64.urlsafe_b64encode(b"[" * 5000).decode(),
        "hg1.anthropic.\u00e9\u00e9",
        "hg2.anthropic.e30",
    ],
)
def test_what_was_never_sealed_is_none(text: str) -> None:
    assert unseal(text) is None


def test_half_a_character_in_a_state_breaks_no_seal() -> None:
    unsealed = unseal(seal(OpaqueState("google", "a\ud83d")))
    assert unsealed is not None
    assert unsealed.value == "a?"
