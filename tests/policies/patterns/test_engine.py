import pytest

from headgate.policies.patterns.engine import Regex
from headgate.policies.patterns.syntax import PatternRefused


def test_what_stands_before_the_start_is_context() -> None:
    word = Regex(r"\bb")
    assert word.search(b"ab b", 1) == (3, 4)
    assert word.match(b"ab b", 1, 4) is None


def test_a_match_ends_where_it_must() -> None:
    assert Regex("a+").match(b"aaaa", 1, 3) == (1, 3)


def test_a_nested_repetition_takes_no_longer_than_any_other() -> None:
    assert Regex("(?:a+)+$").search(b"a" * 100_000 + b"b", 0) is None


@pytest.mark.parametrize("source", ["a(", r"\1", "a{1001}", "(?:a{500}){500}", "\ud800"])
def test_what_re2_does_not_take_is_refused_in_words(source: str) -> None:
    with pytest.raises(PatternRefused, match="is no regex of RE2"):
        Regex(source)
