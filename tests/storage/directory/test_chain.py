from headgate.storage.directory.chain import Link, Note, digest, follows, next_row

NOTE = Note(at=1, actor="a", action="b", subject="c", detail={"d": 1})


def test_a_row_follows_from_the_one_before_and_no_other() -> None:
    first = next_row(Link(), NOTE)
    second = next_row(Link(1, first["chain"]), NOTE)
    assert (first["id"], second["id"]) == (1, 2)
    assert follows(Link(), first)
    assert follows(Link(1, first["chain"]), second)
    assert not follows(Link(), second)
    assert not follows(Link(1, bytes(32)), second)
    assert not follows(Link(), {**first, "actor": "z"})


def test_the_borders_of_texts_count() -> None:
    one = next_row(Link(), Note(at=1, actor="ab", action="c", subject="", detail={}))
    two = next_row(Link(), Note(at=1, actor="a", action="bc", subject="", detail={}))
    assert digest(b"", one) != digest(b"", two)
