"""Raw input through JSON arguments and out again."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.custom_input import SCHEMA, Unwrapper, unwrap, wrap

TEXTS = st.text() | st.text(alphabet='"\\/\n\t\x00\x1fu0041\U0001f600é')
STRINGS = st.text(st.characters(exclude_categories=["Cs"]))


def pieces(text: str, spots: list[int]) -> list[str]:
    ends = [0, *sorted(spot % (len(text) + 1) for spot in spots), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def fed(arguments: list[str]) -> str:
    unwrapper = Unwrapper()
    return "".join([*map(unwrapper.feed, arguments), unwrapper.end()])


CUTS = st.lists(st.integers(0, 1000), max_size=9)


@given(STRINGS | TEXTS, CUTS)
@settings(max_examples=150)
def test_what_is_wrapped_comes_out_however_it_is_cut(raw: str, cuts: list[int]) -> None:
    wrapped = wrap(raw)
    assert unwrap(wrapped) == raw
    assert fed(pieces(wrapped, cuts)) == raw


@given(STRINGS | TEXTS, CUTS)
@settings(max_examples=100)
def test_escapes_of_every_kind_come_out(raw: str, cuts: list[int]) -> None:
    escaped = "".join(f"\\u{unit:04X}" for unit in _units(raw))
    arguments = f' {{ "input" : "{escaped}" }} '
    assert unwrap(arguments) == raw
    assert fed(pieces(arguments, cuts)) == raw


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]


@given(st.text() | st.sampled_from(["{", '{"', '{"input"', '{"in', "{}", "[1]", '{"other":"x"}']))
@settings(max_examples=100)
def test_what_is_not_of_the_form_passes_as_it_is(text: str) -> None:
    value = None
    try:
        value = msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeEncodeError):
        pass
    if not (isinstance(value, dict) and "input" in value):
        assert unwrap(text) == text
        assert fed([text]) == text
        assert fed(list(text)) == text


def test_what_is_sure_is_said_at_once() -> None:
    unwrapper = Unwrapper()
    assert unwrapper.feed('{"inp') == ""
    assert unwrapper.feed('ut": "print(') == "print("
    assert unwrapper.feed("1)\\") == "1)"
    assert unwrapper.feed('n"') == "\n"
    assert unwrapper.feed("}") == ""
    assert unwrapper.end() == ""


def test_plain_words_are_said_at_once() -> None:
    unwrapper = Unwrapper()
    assert unwrapper.feed("print(1)") == "print(1)"
    assert unwrapper.feed("; x") == "; x"


@pytest.mark.parametrize("cut", [0, 1, 5, 9, 12, 20])
def test_a_form_that_breaks_off_loses_nothing_that_is_sure(cut: int) -> None:
    arguments = wrap("print(1)")[:cut]
    out = fed(list(arguments))
    assert "print(1)".startswith(out) or out == arguments


def test_a_pair_that_was_cut_in_two_is_one_sign() -> None:
    assert fed(['{"input":"', "\\ud83d", "\\ude00", '"}']) == "\U0001f600"


@given(TEXTS, CUTS)
@settings(max_examples=150)
def test_no_input_is_too_strange(text: str, cuts: list[int]) -> None:
    hostile = '{"input":"' + text
    assert isinstance(fed(pieces(hostile, cuts)), str)
    assert isinstance(unwrap(hostile), str)


@pytest.mark.parametrize("raw", ["\ud83d", "\ude00b", "a\ud83db", "\ude00\ud83d"])
def test_half_a_sign_stays_half_a_sign(raw: str) -> None:
    wrapped = wrap(raw)
    assert unwrap(wrapped) == raw
    assert fed(list(wrapped)) == raw


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (r"C:\0dir", r"C:\0dir"),
        (r"\u12G4", r"\u12G4"),
        (r"\ud83d\n", "\ud83d\n"),
        ("line\nbreak", "line\nbreak"),
    ],
)
def test_escapes_that_json_does_not_know_stand_as_they_are(said: str, taken: str) -> None:
    arguments = f'{{"input":"{said}"}}'
    assert fed([arguments]) == taken
    assert fed(list(arguments)) == taken


def test_the_stand_in_takes_one_string() -> None:
    assert SCHEMA["required"] == ["input"]
    assert msgspec.json.decode(wrap("x")) == {"input": "x"}
