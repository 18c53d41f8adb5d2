import json
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from headgate.dialects.messages.json_scan import Completeness

_VALUES: Any = st.recursive(
    st.text(max_size=6) | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@drawn(st.dictionaries(st.text(max_size=4), _VALUES, max_size=3), st.data())
def test_an_object_is_complete_at_its_last_character_and_not_before(value: Any, data: Any) -> None:
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    cut = data.draw(st.integers(0, len(text) - 1))
    scan = Completeness()
    for character in text[:cut]:
        scan.feed(character)
    assert not scan.complete
    scan.feed(text[cut:])
    assert scan.complete


@pytest.mark.parametrize("text", ["", "   ", "12", '"{}"', '{"a":"}', '{"a":"\\"}', "}{"])
def test_what_is_not_whole_is_not_complete(text: str) -> None:
    scan = Completeness()
    scan.feed(text)
    assert not scan.complete
