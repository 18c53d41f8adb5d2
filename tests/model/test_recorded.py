"""The records of a recording: their order in a file, and the bytes of a piece."""

from headgate.model.recorded import PieceLine
from tests.wire.recorded_samples import RECORDED


def test_the_lines_tell_the_story_in_its_order() -> None:
    kinds = [type(line).__name__.removesuffix("Line") for line in RECORDED.lines()]
    one = ["Attempt", "Head", "Piece", "Piece", "Ended"]
    assert kinds == ["Exchange", "Attempt", "Ended", *one, "Delivered"]


def test_a_piece_is_text_or_else_bytes() -> None:
    assert PieceLine(at_us=1, text="ü").data == "ü".encode()
    assert PieceLine(at_us=1, base64=b"\xc3").data == b"\xc3"
    assert PieceLine(at_us=1).data == b""
