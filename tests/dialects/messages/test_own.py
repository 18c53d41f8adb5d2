from headgate.dialects.messages.own import is_own, own, owned, without


def test_what_is_ours_comes_back() -> None:
    assert own(owned({"caller": {"type": "direct"}})) == {"caller": {"type": "direct"}}
    assert is_own(owned({"a": 1}))


def test_nothing_and_the_notes_of_others_are_not_ours() -> None:
    assert owned({}) is None
    assert own(None) == {}
    assert own({"responses": {"id": "x"}}) == {}
    assert own({"messages": "no object"}) == {}
    assert not is_own({"system_fingerprint": "fp"})
    assert not is_own(None)


def test_known_fields_are_taken_out() -> None:
    assert without({"a": 1, "b": 2}, frozenset({"a"})) == {"b": 2}
