import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.policies.detectors import DETECTORS
from headgate.policies.patterns.finder import Finder, Hit, Pattern
from headgate.policies.patterns.scanner import Scanner
from tests.policies.drive import TEXTS

ALL = Finder([pattern for group in DETECTORS.values() for pattern in group], 4096)
NARROW = Finder([Pattern("long", "a[ab]*c"), Pattern("word", r"\bab\b"), Pattern("x", "bb+")], 6)


def mark(hit: Hit) -> str:
    return f"<{hit.pattern.name}>"


def scan(finder: Finder, pieces: list[str]) -> str:
    scanner = Scanner(finder, mark)
    return "".join(map(scanner.feed, pieces)) + scanner.end()


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(edges)]


CUTS = st.lists(st.integers(0, 500), max_size=20)


@settings(max_examples=150, deadline=None)
@given(TEXTS, CUTS)
def test_where_the_text_is_cut_does_not_matter(text: str, cuts: list[int]) -> None:
    assert scan(ALL, pieces_of(text, cuts)) == scan(ALL, [text])


@settings(max_examples=150, deadline=None)
@given(st.text("abc ", max_size=40), CUTS)
def test_nor_does_it_where_matches_are_longer_than_the_lookback(text: str, cuts: list[int]) -> None:
    assert scan(NARROW, pieces_of(text, cuts)) == scan(NARROW, [text])


@settings(max_examples=150, deadline=None)
@given(TEXTS, CUTS, st.lists(st.booleans(), min_size=25, max_size=25))
def test_what_comes_out_holds_no_match_even_where_it_was_released_late(
    text: str, cuts: list[int], late: list[bool]
) -> None:
    scanner = Scanner(ALL, mark)
    out = ""
    for piece, now in zip(pieces_of(text, cuts), late, strict=False):
        out += scanner.feed(piece)
        if now:
            out += scanner.late()
            assert scanner.held == 0
    out += scanner.end()
    data = out.encode("utf-8", "surrogatepass")
    assert ALL.find(data, 0, len(data)) is None


@settings(max_examples=100, deadline=None)
@given(TEXTS, CUTS)
def test_text_without_a_match_comes_out_as_it_came(text: str, cuts: list[int]) -> None:
    finder = Finder([Pattern("never", "forbiddenly[0-9]{3}")], 100)
    assert scan(finder, pieces_of(text, cuts)) == text


def test_only_the_ambiguous_end_is_held() -> None:
    scanner = Scanner(Finder([Pattern("word", "abcd")], 100), mark)
    assert scanner.feed("zzzab") == "zzz"
    assert scanner.held == 2
    assert scanner.feed("z") == "abz"
    assert scanner.held == 0
    assert scanner.feed("abc") == ""
    assert scanner.feed("de") == "<word>e"


def test_a_match_that_goes_on_after_it_was_released_late_is_replaced_once() -> None:
    scanner = Scanner(Finder([Pattern("digits", "[0-9]{2,}")], 100), mark)
    assert scanner.feed("a 12") == "a "
    assert scanner.late() == "<digits>"
    assert scanner.feed("34 b") == " b"


def test_what_was_released_late_is_cut_off_from_its_rest() -> None:
    scanner = Scanner(Finder([Pattern("word", "abcd")], 100), mark)
    assert scanner.feed("ab") + scanner.late() == "ab"
    assert scanner.feed("cd!") == "<word>!"


def test_where_a_match_stops_it_nothing_of_it_comes_out() -> None:
    scanner = Scanner(Finder([Pattern("word", "abcd")], 100), lambda _hit: None)
    assert scanner.feed("zz abcd and more") == "zz "
    assert scanner.stopped is not None
    assert scanner.stopped.text == "abcd"


def test_half_a_pair_of_surrogates_is_text_like_any_other() -> None:
    finder = Finder([Pattern("any", "a.b")], 100)
    assert scan(finder, ["x\ud83d", "\ude00y", "a\ud83d", "b"]) in (
        "x\ud83d\ude00y<any>",
        "x\ud83d\ude00ya\ud83db",
    )


def test_what_is_held_can_be_had_back_as_it_came() -> None:
    scanner = Scanner(ALL, mark)
    scanner.feed("write to john.doe@ex")
    assert scanner.raw() == "john.doe@ex"
    assert scanner.held == 0
    assert scanner.end() == ""


def test_the_same_as_python_s_own_engine_finds() -> None:
    text = "a1 b22 c333 d4444 " * 20
    finder = Finder([Pattern("n", "[a-c][0-9]+")], 100)
    assert scan(finder, list(text)) == re.sub("[a-c][0-9]+", "<n>", text)
