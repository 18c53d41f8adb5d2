import pytest
from fastapi import HTTPException

from headgate.admin.control import (
    ModelState,
    read_or_refuse,
    refuse_duplicate,
    refuse_file,
    refuse_file_row,
    refuse_null,
    require,
)
from headgate.config import ModelSettings
from tests.admin.conftest import FILE_ROWS


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (ModelState(), "uninitialized"),
        (ModelState(frozenset()), "ready"),
        (ModelState(None, 1.0, "down"), "error"),
        (ModelState(frozenset(), 1.0, "down"), "error"),
    ],
)
def test_a_model_list_has_its_state_in_one_word(state: ModelState, word: str) -> None:
    assert state.word == word


def test_what_is_there_passes() -> None:
    assert require(0) == 0
    refuse_duplicate(FILE_ROWS.users, "other", "a user")
    refuse_duplicate(FILE_ROWS.users, "filer", "a user", id_="filer")
    refuse_file(FILE_ROWS.users, "other")
    refuse_null({"a": 1}, "a", "b")


def test_what_is_not_there_is_a_404() -> None:
    with pytest.raises(HTTPException) as refused:
        require(None)
    assert refused.value.status_code == 404


def test_what_contradicts_is_a_409() -> None:
    with pytest.raises(HTTPException, match="409: a user named 'filer' exists already"):
        refuse_duplicate(FILE_ROWS.users, "filer", "a user")
    with pytest.raises(HTTPException, match=r"409: .*configuration's file"):
        refuse_file(FILE_ROWS.users, "filer")
    with pytest.raises(HTTPException, match=r"409: .*configuration's file"):
        refuse_file_row(FILE_ROWS.users[0])


def test_a_section_is_read_by_the_rules_of_the_file() -> None:
    with pytest.raises(HTTPException, match="did you mean 'strategy'") as refused:
        read_or_refuse(ModelSettings, {"targets": [], "stratgy": "hash"})
    assert refused.value.status_code == 400
    with pytest.raises(HTTPException, match="a: must not be null"):
        refuse_null({"a": None}, "a")
