import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.backends.choose import dialect_for
from headgate.config.section import DialectName

DIALECTS: tuple[DialectName, ...] = ("chat", "messages", "responses", "gemini", "converse")


@pytest.mark.parametrize(
    ("caller", "speaks", "spoken"),
    [
        ("chat", ("responses", "chat"), "chat"),
        ("messages", ("chat", "responses"), "responses"),
        ("messages", ("chat",), "chat"),
        ("chat", ("messages", "responses"), "responses"),
        ("responses", ("chat", "messages"), "messages"),
        ("embeddings", ("messages", "chat"), "messages"),
    ],
)
def test_the_dialect_that_loses_least_is_spoken(
    caller: str, speaks: tuple[DialectName, ...], spoken: str
) -> None:
    assert dialect_for(caller, speaks) == spoken


@given(
    st.sampled_from(DIALECTS[:3]),
    st.lists(st.sampled_from(DIALECTS), min_size=1, unique=True),
)
def test_what_is_spoken_is_known_and_the_callers_own_where_it_can_be(
    caller: DialectName, speaks: list[DialectName]
) -> None:
    spoken = dialect_for(caller, speaks)
    assert spoken in speaks
    assert (spoken == caller) == (caller in speaks)
