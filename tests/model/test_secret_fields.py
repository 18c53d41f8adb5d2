from typing import Any

from headgate.model.secret_fields import (
    as_sealed,
    change_secrets,
    envelope_of,
    is_sealed,
    places_of,
)

SETTINGS: dict[str, Any] = {
    "api_key": "k1",
    "kind": "openai",
    "headers": {"x-key": "k2", "x-none": None},
    "aws": {"secret_access_key": "k3", "session_token": None, "region": "eu"},
    "chain": [{"secret": "k4", "name": "a"}],
}


def test_every_secret_is_changed_by_its_place_and_nothing_else() -> None:
    assert change_secrets(SETTINGS, lambda place, value: f"{place}={value}") == {
        "api_key": "api_key=k1",
        "kind": "openai",
        "headers": {"x-key": "headers/x-key=k2", "x-none": None},
        "aws": {
            "secret_access_key": "aws/secret_access_key=k3",
            "session_token": None,
            "region": "eu",
        },
        "chain": [{"secret": "chain/0/secret=k4", "name": "a"}],
    }


def test_places_of_those_that_are_wanted() -> None:
    wanted = places_of(SETTINGS, lambda value: value in ("k2", "k3"))
    assert wanted == ["headers/x-key", "aws/secret_access_key"]


def test_a_sealed_secret_is_told_from_others() -> None:
    text = as_sealed("envelope")
    assert is_sealed(text)
    assert envelope_of(text) == "envelope"
    assert not is_sealed("envelope")
    assert envelope_of(7) is None
