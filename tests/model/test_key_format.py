import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.key_format import RANDOM_BYTES, hint_of, id_of, is_junk, make, weakness

RANDOM = bytes(range(RANDOM_BYTES))
KEY = make(RANDOM).text
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_a_key_has_its_form() -> None:
    key = make(RANDOM)
    assert key.id == "0001020304050607"
    assert key.text.startswith("hg-0001020304050607-")
    assert len(key.text) == 3 + 16 + 1 + 43 + 6
    assert key.text.isascii()
    assert key.text not in repr(key)


@settings(max_examples=50)
@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_every_key_that_is_made_is_read(random: bytes) -> None:
    key = make(random)
    assert id_of(key.text) == key.id
    assert not is_junk(key.text)
    assert weakness(key.text) is None


@settings(max_examples=50)
@given(st.integers(3, len(KEY) - 1), st.sampled_from(SIGNS))
def test_one_wrong_character_is_noticed(place: int, sign: str) -> None:
    changed = KEY[:place] + sign + KEY[place + 1 :]
    assert (id_of(changed) is None) == (changed != KEY)
    assert is_junk(changed) == (changed != KEY)


@pytest.mark.parametrize(
    "text", ["", "hg-", KEY[:-1], KEY + "0", KEY.replace("hg-", "HG-"), "sk-a"]
)
def test_other_texts_have_no_id(text: str) -> None:
    assert id_of(text) is None
    assert is_junk(text) == text.startswith("hg-")


def test_different_secrets_make_different_keys() -> None:
    assert make(RANDOM[:-1] + b"\x00").text != KEY
    with pytest.raises(ValueError, match="40 random bytes"):
        make(b"short")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("sk-alice-0123456789abcdef", None),
        ("0123456789abcdef", None),
        ("0123456789abcde", "too short"),
        ("sk-alice", "too short"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "too easy"),
        ("hg-my-own-key-of-a-good-length", "check digits"),
        ("hg-" + "0" * 66, "check digits"),
        ("a key with spaces in it, long", "printable"),
        ("schlüssel-0123456789", "printable"),
    ],
)
def test_a_key_of_ones_own_is_long_enough(key: str, why: str | None) -> None:
    said = weakness(key)
    assert said is None if why is None else why in (said or "")
    assert said is None or key not in said


def test_only_the_end_of_a_key_is_shown() -> None:
    assert hint_of(KEY) == KEY[-4:]
