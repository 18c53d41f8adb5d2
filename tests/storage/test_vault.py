import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.store_faults import SecretLost
from headgate.storage.secret_key import derive
from headgate.storage.vault import Place, Vault

OLD, NEW = derive(b"the old secret key"), derive(b"the new secret key")
HERE = Place("backends", "b1", "api_key")
SECRET = "sk-canary-0123456789"


def test_a_secret_comes_back_and_its_envelope_does_not_show_it() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(SECRET, HERE)
    assert SECRET.encode() not in sealed
    assert vault.open(sealed, HERE) == SECRET
    assert vault.seal(SECRET, HERE) != sealed


@settings(max_examples=20)
@given(st.text())
def test_any_text_comes_back(secret: str) -> None:
    vault = Vault([NEW])
    assert vault.open(vault.seal(secret, HERE), HERE) == secret


@pytest.mark.parametrize(
    "there",
    [
        Place("tokens", "b1", "api_key"),
        Place("backends", "b2", "api_key"),
        Place("backends", "b1", "other"),
        Place("backends", 'b1","api_key', ""),
    ],
)
def test_an_envelope_opens_in_its_own_place_only(there: Place) -> None:
    vault = Vault([NEW])
    with pytest.raises(SecretLost, match="another row"):
        vault.open(vault.seal(SECRET, HERE), there)


def test_every_damaged_bit_is_noticed() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("s", HERE)
    for place, bit in itertools.product(range(len(sealed)), (0, 7)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1 << bit
        with pytest.raises(SecretLost):
            vault.open(bytes(damaged), HERE)


@pytest.mark.parametrize("length", [0, 1, 5, 76, 92])
def test_what_is_cut_off_is_damaged(length: int) -> None:
    vault = Vault([NEW])
    with pytest.raises(SecretLost):
        vault.open(vault.seal("s", HERE)[:length], HERE)


def test_an_old_key_still_opens_and_is_replaced() -> None:
    sealed = Vault([OLD]).seal(SECRET, HERE)
    both = Vault([NEW, OLD])
    assert both.open(sealed, HERE) == SECRET
    renewed = both.renew(sealed, HERE)
    assert renewed is not None
    assert Vault([NEW]).open(renewed, HERE) == SECRET
    assert both.renew(renewed, HERE) is None


def test_another_key_says_that_it_is_another() -> None:
    sealed = Vault([OLD]).seal(SECRET, HERE)
    with pytest.raises(SecretLost, match="another HEADGATE_SECRET_KEY"):
        Vault([NEW]).open(sealed, HERE)


def test_the_form_never_changes() -> None:
    counted = itertools.count(1)
    vault = Vault([OLD], lambda size: bytes([next(counted)]) * size)
    assert vault.seal("s", HERE).hex() == (
        "01207f93db0202020202020202020202023ea75f22709d78bf30050236737b12daa6c2ede2319997"
        "3d5cd4f46728ea5fe1eae41a4dbc7f363e92098f346d2ca5870303030303030303030303038b290a"
        "ab0b1a96cd41a1e3db95b9cdefbe"
    )
