import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.config.interpolation import Cover, expand

ENV = {"NAME": "value", "EMPTY": "", "MARK": "${NAME}"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("${NAME}", "value"),
        ("a${NAME}b${NAME}", "avaluebvalue"),
        ("${OTHER:-default}", "default"),
        ("${NAME:-default}", "value"),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY}", ""),
        ("${OTHER:-}", ""),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$5 and $NAME", "$5 and $NAME"),
        ("${MARK}", "${NAME}"),
    ],
)
def test_variables_are_replaced_once(text: str, expanded: str) -> None:
    assert expand(text, ENV) == (expanded, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${OTHER}", "OTHER is not set"),
        ("${NAME", "no closing '}'"),
        ("${}", "names no variable"),
        ("${a b}", "names no variable"),
        ("${NAME:-${OTHER}}", "cannot hold another"),
    ],
)
def test_what_cannot_be_replaced_is_named(text: str, words: str) -> None:
    _, problems = expand(text, ENV)
    assert len(problems) == 1
    assert words in problems[0]


@given(st.text(alphabet="${}:-aN \n'\"\uf8f0\uf8f15", max_size=40))
def test_covered_marks_come_back_as_they_were(text: str) -> None:
    cover = Cover(text)
    assert cover.uncover(cover.text) == text
