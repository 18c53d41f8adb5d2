from typing import Any

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from headgate.admin.masking import STARS, masked, restored

SETTINGS: dict[str, Any] = {
    "api_key": "k1",
    "kind": "openai",
    "headers": {"authorization": "k2", "x-team": "k3"},
    "policies": [{"secret": "k4", "name": "a"}, {"hash_key": "k5", "when": {"user": "u"}}],
    "empty": {"secret": None},
}
NAMES = st.sampled_from(["api_key", "secret", "headers", "name", "policies", "x"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5).filter(lambda text: text != STARS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


def test_secrets_are_stars_however_deep_they_lie() -> None:
    assert masked(SETTINGS) == {
        "api_key": STARS,
        "kind": "openai",
        "headers": {"authorization": STARS, "x-team": STARS},
        "policies": [{"secret": STARS, "name": "a"}, {"hash_key": STARS, "when": {"user": "u"}}],
        "empty": {"secret": None},
    }


def test_what_was_shown_can_be_sent_back() -> None:
    assert restored(masked(SETTINGS), SETTINGS) == SETTINGS


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_settings_survive_being_shown_and_sent_back(settings: dict[str, Any]) -> None:
    assert restored(settings, {}) == settings


def test_a_new_secret_replaces_the_old_one() -> None:
    assert restored({"api_key": "new"}, SETTINGS) == {"api_key": "new"}


@pytest.mark.parametrize(
    "made_up",
    [
        {"secret": STARS},
        {"headers": {"x-new": STARS}},
        {"policies": [{"name": "a"}, {"name": "b"}, {"secret": STARS}]},
        {"empty": {"secret": STARS}},
    ],
)
def test_stars_that_stand_for_nothing_are_refused(made_up: dict[str, Any]) -> None:
    with pytest.raises(HTTPException, match="stands for a secret"):
        restored(made_up, SETTINGS)


def test_stars_elsewhere_are_text() -> None:
    assert restored({"text": STARS}, {}) == {"text": STARS}
