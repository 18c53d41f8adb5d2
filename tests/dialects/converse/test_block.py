"""Open blocks."""

from headgate.dialects.converse.block import OpenBlock


def test_blocks_do_not_share_their_pieces() -> None:
    first, second = OpenBlock(0, "held"), OpenBlock(1, "held")
    first.pieces.append({})

    assert second.pieces == []
    assert not first.filled
