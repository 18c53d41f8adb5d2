import pytest

from headgate.model.store_faults import RowConflict, RowRefused, SecretLost, StoreUnreachable


def test_a_conflict_is_a_refusal_and_an_outage_is_not() -> None:
    with pytest.raises(RowRefused):
        raise RowConflict("alice is there already")
    assert not issubclass(StoreUnreachable, RowRefused)


def test_a_lost_secret_is_neither() -> None:
    assert not issubclass(SecretLost, RowRefused | StoreUnreachable)
