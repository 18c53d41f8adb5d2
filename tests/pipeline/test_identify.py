import pytest

from headgate.model.caller import ANYBODY, User
from headgate.model.fault import Refused
from headgate.pipeline.identify import given_key, identify
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Snapshot

ALICE = User(id="1", name="alice")
GONE = User(id="2", name="gone", is_active=False)
SNAPSHOT = Snapshot(users={digest("key-a"): ALICE, digest("key-g"): GONE})


def _status(headers: dict[str, str], snapshot: Snapshot = SNAPSHOT) -> int:
    with pytest.raises(Refused) as refused:
        identify(snapshot, headers)
    return refused.value.fault.http_status


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer key-a"},
        {"authorization": "bearer  key-a "},
        {"x-api-key": "key-a"},
        {"authorization": "Bearer key-a", "x-api-key": "key-a"},
        {"authorization": "Basic abc", "x-api-key": "key-a"},
    ],
)
def test_a_key_is_taken_from_either_header(headers: dict[str, str]) -> None:
    assert identify(SNAPSHOT, headers) is ALICE


def test_no_key_and_a_wrong_key_are_401() -> None:
    assert _status({}) == 401
    assert _status({"authorization": "Bearer nope"}) == 401
    assert _status({"authorization": "Basic key-a"}) == 401
    assert _status({"x-api-key": "key-\xff"}) == 401


def test_a_key_of_a_user_who_is_not_active_is_401() -> None:
    assert _status({"x-api-key": "key-g"}) == 401


def test_two_different_keys_are_400_even_in_an_open_gateway() -> None:
    both = {"authorization": "Bearer key-a", "x-api-key": "key-b"}
    assert _status(both) == 400
    assert _status(both, Snapshot(open=True)) == 400


def test_an_open_gateway_asks_for_no_key_and_minds_none() -> None:
    assert identify(Snapshot(open=True), {}) is ANYBODY
    assert identify(Snapshot(open=True), {"x-api-key": "sk-anything"}) is ANYBODY


def test_given_key_says_what_was_sent() -> None:
    assert given_key({"x-api-key": " k "}) == "k"
    assert given_key({}) is None
