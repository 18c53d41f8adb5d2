import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.policies.patterns.engine import Regex
from headgate.policies.patterns.prefix import unfinished, write
from headgate.policies.patterns.syntax import parse


def is_unfinished(source: str, text: str) -> bool:
    tail = unfinished(parse(source))
    if tail is None:
        return False
    data = text.encode()
    return Regex(rf"(?:{tail})\z").match(data, 0, len(data)) is not None


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("abc", {"", "a", "ab"}),
        ("ab?c", {"", "a", "ab"}),
        ("a+b", {"", "a", "aa", "aaa"}),
        ("a{2}b{0,2}", {"", "a", "aa", "aab"}),
        ("(?:ab){2}", {"", "a", "ab", "aba"}),
        ("ab|cd", {"", "a", "c"}),
        (r"ab\b", {"", "a", "ab"}),
        ("(?i:AB)", {"", "a"}),
        (r"\Aab", {"", "a"}),
    ],
)
def test_exactly_what_may_go_on_is_unfinished(source: str, texts: set[str]) -> None:
    tried = ["", "a", "b", "c", "aa", "ab", "ba", "aaa", "aab", "aba", "abb", "abc", "abab", "cd"]
    assert {text for text in tried if is_unfinished(source, text)} == texts


LETTERS = st.sampled_from("ab")
SOURCES = st.recursive(
    LETTERS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(("*", "+", "?", "{2}", "{1,2}", "{2,}", "+?"))).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(SOURCES, st.text("ab", max_size=5), st.text("ab", min_size=1, max_size=3))
def test_the_beginning_of_every_match_is_unfinished(source: str, text: str, more: str) -> None:
    if re.fullmatch(source, text + more):
        assert is_unfinished(source, text)


@settings(max_examples=100, deadline=None)
@given(SOURCES, st.text("ab", max_size=6))
def test_what_is_written_again_means_the_same(source: str, text: str) -> None:
    data = text.encode()
    span = Regex(write(parse(source))).search(data, 0)
    expected = re.search(source, text)
    assert span == (None if expected is None else expected.span())
