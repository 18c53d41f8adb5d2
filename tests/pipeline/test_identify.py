from ipaddress import ip_network

import pytest

from headgate.model.caller import ANYBODY, Key, User
from headgate.model.fault import Refused
from headgate.model.key_format import make
from headgate.pipeline import identify as identify_file
from headgate.pipeline.identify import Showing, given_key, identify
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Snapshot

NOW = 1_700_000_000.0
CHAT = "/v1/chat/completions"
MADE = make(bytes(range(40)))
NETWORKS = (ip_network("10.0.0.0/8"), ip_network("fd12::/16"))

ALICE = User(id="1", name="alice")
GONE = User(id="2", name="gone", is_active=False)
LATE = User(id="3", name="late", key=Key(id="k3", ends_at=NOW))
NARROW = User(id="4", name="narrow", key=Key(id="k4", paths=("/v1/chat/*",), networks=NETWORKS))
USERS = {
    "key-a": ALICE,
    "key-g": GONE,
    "key-l": LATE,
    "key-n": NARROW,
    MADE.text: ALICE,
}
SNAPSHOT = Snapshot(users={digest(key): user for key, user in USERS.items()})


def _showing(
    headers: dict[str, str], path: str = CHAT, peer: str | None = "127.0.0.1", at: float = NOW
) -> Showing:
    return Showing(headers, path, peer, at)


def _status(
    headers: dict[str, str],
    snapshot: Snapshot = SNAPSHOT,
    path: str = CHAT,
    peer: str | None = "127.0.0.1",
) -> int:
    with pytest.raises(Refused) as refused:
        identify(snapshot, _showing(headers, path, peer))
    return refused.value.fault.http_status


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer key-a"},
        {"authorization": "bearer  key-a "},
        {"x-api-key": "key-a"},
        {"authorization": "Bearer key-a", "x-api-key": "key-a"},
        {"authorization": "Basic abc", "x-api-key": "key-a"},
        {"x-api-key": MADE.text},
    ],
)
def test_a_key_is_taken_from_either_header(headers: dict[str, str]) -> None:
    assert identify(SNAPSHOT, _showing(headers)) is ALICE


def test_no_key_and_a_wrong_key_are_401() -> None:
    assert _status({}) == 401
    assert _status({"authorization": "Bearer nope"}) == 401
    assert _status({"authorization": "Basic key-a"}) == 401
    assert _status({"x-api-key": "key-\xff"}) == 401


def test_a_key_of_a_user_who_is_not_active_is_401() -> None:
    assert _status({"x-api-key": "key-g"}) == 401


def test_a_key_counts_until_it_ends() -> None:
    before = _showing({"x-api-key": "key-l"}, at=NOW - 0.001)
    assert identify(SNAPSHOT, before) is LATE
    assert _status({"x-api-key": "key-l"}) == 401


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"])
def test_a_key_is_good_from_its_networks(peer: str) -> None:
    assert identify(SNAPSHOT, _showing({"x-api-key": "key-n"}, peer=peer)) is NARROW


@pytest.mark.parametrize("peer", ["11.1.2.3", "::1", None, "", "unix"])
def test_a_key_is_403_from_elsewhere(peer: str | None) -> None:
    assert _status({"x-api-key": "key-n"}, peer=peer) == 403


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat", "/V1/chat/completions"])
def test_a_key_is_403_for_other_paths(path: str) -> None:
    assert _status({"x-api-key": "key-n"}, path=path, peer="10.0.0.1") == 403


def test_every_pepper_is_tried() -> None:
    users = {digest("key-a", b"old"): ALICE, digest("key-n", b"new"): NARROW}
    both = Snapshot(users=users, peppers=(b"new", b"old"))
    assert identify(both, _showing({"x-api-key": "key-a"})) is ALICE
    assert _status({"x-api-key": "key-a"}, Snapshot(users=users, peppers=(b"new",))) == 401


def test_junk_is_refused_without_a_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(key: str, pepper: bytes) -> bytes:
        asked.append(key)
        return digest(key, pepper)

    monkeypatch.setattr(identify_file, "digest", counted)
    for junk in ("hg-", "hg-" + "0" * 66, MADE.text[:-1] + "!"):
        assert _status({"x-api-key": junk}) == 401
    assert asked == []
    identify(SNAPSHOT, _showing({"x-api-key": MADE.text}))
    assert asked == [MADE.text]


def test_two_different_keys_are_400_even_in_an_open_gateway() -> None:
    both = {"authorization": "Bearer key-a", "x-api-key": "key-b"}
    assert _status(both) == 400
    assert _status(both, Snapshot(open=True)) == 400


def test_an_open_gateway_asks_for_no_key_and_minds_none() -> None:
    opened = Snapshot(open=True)
    assert identify(opened, _showing({})) is ANYBODY
    assert identify(opened, _showing({"x-api-key": "sk-anything"})) is ANYBODY


def test_given_key_says_what_was_sent() -> None:
    assert given_key({"x-api-key": " k "}) == "k"
    assert given_key({}) is None
