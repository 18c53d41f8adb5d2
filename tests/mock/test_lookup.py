"""JSON of any shape is looked into without surprise."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headgate.mock.lookup import count_words, items, member, split_words, text_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "content", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_value_has_members_items_and_text(value: Any) -> None:
    assert isinstance(member(value, "a"), dict)
    assert all(isinstance(one, dict) for one in items(value))
    assert isinstance(text_of(value), str)


@given(st.text())
def test_the_pieces_are_the_text_and_hold_a_word_each(text: str) -> None:
    pieces = split_words(text)
    assert "".join(pieces) == text
    if count_words(text):
        assert len(pieces) == count_words(text)


def test_text_is_found_in_parts_and_in_what_a_tool_returned() -> None:
    parts = [
        {"type": "text", "text": "one"},
        {"type": "image", "source": {}},
        {"type": "tool_result", "content": "two"},
        {"type": "tool_result", "content": [{"type": "text", "text": "three"}]},
    ]
    assert text_of(parts) == "one\ntwo\nthree"
