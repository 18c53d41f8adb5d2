from headgate.dialects.responses import notes


def test_bookkeeping_stands_under_the_dialects_name() -> None:
    extras = notes.extras_of({"id": "msg_1"}, {"odd": 1})
    assert extras == {"responses": {"id": "msg_1"}, "odd": 1}
    assert notes.note_of(extras) == {"id": "msg_1"}
    assert notes.unknown_of(extras) == {"odd": 1}


def test_nothing_to_note_makes_no_extras() -> None:
    assert notes.extras_of({}) is None
    assert notes.note_of(None) == {}
    assert notes.unknown_of(None) == {}


def test_a_field_that_is_called_like_the_dialect_is_no_bookkeeping() -> None:
    assert notes.note_of({"responses": 3}) == {}
    assert notes.unknown_of({"responses": 3}) == {"responses": 3}
