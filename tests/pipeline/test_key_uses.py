from headgate.pipeline.key_uses import COARSE_S, KeyUses

AT = 1_700_000_000.0


def test_a_use_is_handed_out_once_and_the_next_ones_are_coarse() -> None:
    uses = KeyUses()
    uses.note("a", AT)
    uses.note("a", AT + 1)
    uses.note("b", AT + 2)
    assert uses.take() == {"a": AT, "b": AT + 2}
    uses.note("a", AT + COARSE_S - 1)
    assert uses.take() == {}
    uses.note("a", AT + COARSE_S)
    assert uses.take() == {"a": AT + COARSE_S}


def test_nothing_is_kept_of_a_key_without_an_id() -> None:
    uses = KeyUses()
    uses.note("", AT)
    assert uses.take() == {}


def test_what_could_not_be_written_comes_again_unless_there_is_something_newer() -> None:
    uses = KeyUses()
    uses.note("a", AT)
    uses.note("b", AT)
    taken = uses.take()
    uses.note("a", AT + COARSE_S)
    uses.give_back(taken)
    assert uses.take() == {"a": AT + COARSE_S, "b": AT}
