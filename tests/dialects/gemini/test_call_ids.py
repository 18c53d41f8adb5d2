"""Ids of tool calls."""

import re

import pytest

from headgate.dialects.gemini.call_ids import MOST_CALLS, CallIds
from headgate.model.fault import StreamBroken


def ids(*natives: str, seed: bytes = b"r1") -> list[str]:
    giver = CallIds()
    giver.seed(seed)
    return [giver.take(native) for native in natives]


def test_the_vendors_own_id_is_kept_where_it_is_legal_and_new() -> None:
    assert ids("abc-1")[0] == "abc-1"
    assert ids("abc", "abc")[1] != "abc"
    assert ids("a:b")[0] != "a:b"
    assert len(ids("x" * 65)[0]) <= 64


def test_made_ids_are_legal_unique_and_always_the_same() -> None:
    made = ids("", "", "")

    assert len(set(made)) == 3
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", id_) for id_ in made)
    assert made == ids("", "", "")
    assert set(made).isdisjoint(ids("", "", "", seed=b"another reply"))


def test_calls_without_end_break_the_stream() -> None:
    with pytest.raises(StreamBroken):
        ids(*[""] * (MOST_CALLS + 1))
