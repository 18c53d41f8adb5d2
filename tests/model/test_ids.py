import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.ids import CHAT_TOOL_ID, MESSAGES_TOOL_ID, NINE_ALPHANUMERIC, fit, once

PATTERNS = [
    (MESSAGES_TOOL_ID, 32, "toolu_"),
    (CHAT_TOOL_ID, 32, "call_"),
    (NINE_ALPHANUMERIC, 9, ""),
]


@pytest.mark.parametrize(
    ("id_", "pattern"),
    [
        ("toolu_01", MESSAGES_TOOL_ID),
        ("call.1:2", CHAT_TOOL_ID),
        ("a1B2c3D4e", NINE_ALPHANUMERIC),
    ],
)
def test_an_id_that_fits_is_kept(id_: str, pattern: re.Pattern[str]) -> None:
    assert fit(id_, pattern) == id_


@pytest.mark.parametrize(
    ("id_", "pattern"),
    [
        ("", MESSAGES_TOOL_ID),
        ("a\n", MESSAGES_TOOL_ID),
        ("a b", MESSAGES_TOOL_ID),
        ("x" * 129, MESSAGES_TOOL_ID),
        ("x" * 65, CHAT_TOOL_ID),
        ("a\x00b", CHAT_TOOL_ID),
        ("a1B2c3D4", NINE_ALPHANUMERIC),
    ],
)
def test_an_id_that_does_not_fit_is_mapped(id_: str, pattern: re.Pattern[str]) -> None:
    assert fit(id_, pattern) != id_


@given(st.text() | st.text(alphabet="\ud800\udfff"), st.sampled_from(PATTERNS))
@settings(max_examples=80)
def test_whatever_comes_fits_and_always_alike(
    id_: str, wanted: tuple[re.Pattern[str], int, str]
) -> None:
    pattern, length, prefix = wanted
    fitted = fit(id_, pattern, length, prefix)
    assert pattern.match(fitted)
    assert fit(id_, pattern, length, prefix) == fitted
    assert fit(fitted, pattern, length, prefix) == fitted


@given(st.lists(st.text(min_size=70, max_size=90), unique=True, max_size=9))
@settings(max_examples=20)
def test_different_ids_stay_different(ids: list[str]) -> None:
    assert len({fit(id_, CHAT_TOOL_ID) for id_ in ids}) == len(ids)


def test_an_id_that_is_used_again_is_told_apart() -> None:
    given_: set[str] = set()
    assert [once(id_, given_) for id_ in ("a", "a", "a_1", "a", "b")] == [
        "a",
        "a_2",
        "a_1",
        "a_4",
        "b",
    ]
