import pytest

from headgate.policies.patterns.finder import (
    Finder,
    Pattern,
    after_character,
    before_character,
)
from headgate.policies.patterns.syntax import PatternRefused


def find(finder: Finder, text: str) -> list[tuple[str, str]]:
    data = text.encode()
    found, start = [], 0
    while hit := finder.find(data, start, len(data)):
        found.append((hit.pattern.name, hit.text))
        start = hit.end
    return found


def test_the_leftmost_match_counts_and_at_one_place_the_first_pattern() -> None:
    finder = Finder([Pattern("long", "abc"), Pattern("short", "ab"), Pattern("b", "b.")], 100)
    assert find(finder, "abd abc b!") == [("short", "ab"), ("long", "abc"), ("b", "b!")]


def test_a_pattern_may_take_less_than_its_regex_or_nothing() -> None:
    half = Pattern("half", "a+", lambda text: len(text) // 2)
    assert find(Finder([half, Pattern("one", "a")], 100), "aaaa a") == [
        ("half", "aa"),
        ("half", "a"),
        ("one", "a"),
        ("one", "a"),
    ]


def test_a_pattern_without_an_end_is_followed_as_far_as_the_lookback() -> None:
    assert find(Finder([Pattern("all", "x.*y")], 4), "x--y x--------y x-y") == [
        ("all", "x--y"),
        ("all", "x-y"),
    ]


def test_only_what_may_still_become_a_match_is_unsettled() -> None:
    finder = Finder([Pattern("word", "abcd"), Pattern("edge", r"x\b")], 100)
    for text, settled in (("zz", 2), ("zzab", 2), ("zzabcd", 6), ("zzx", 2), ("zzabx", 4)):
        assert finder.settled(text.encode(), 0) == settled


def test_more_than_the_lookback_is_never_unsettled() -> None:
    finder = Finder([Pattern("all", "a+b")], 3)
    assert finder.settled(b"aaaaaaaa", 0) == 5
    assert finder.settled("éééééé".encode() + b"a", 0) == 12


def test_positions_are_those_of_characters() -> None:
    data = "aé日b".encode()
    assert [after_character(data, p) for p in (0, 1, 3, 6)] == [1, 3, 6, 7]
    assert [before_character(data, p) for p in (-2, 0, 2, 4, 5, 7)] == [0, 0, 1, 3, 3, 7]


@pytest.mark.parametrize("source", ["a*", r"\b", "a|", "(?:)"])
def test_a_pattern_that_matches_nothing_at_all_is_refused(source: str) -> None:
    with pytest.raises(PatternRefused, match="matches the empty text"):
        Finder([Pattern("", source)], 10)
