"""The fields of heads of both directions."""

import pytest

from headgate.wire.head_fields import count_fields, read_fields

START = "GET / HTTP/1.1\r\n"


def fields(*lines: str, allows_bare_lf: bool = False) -> list[tuple[str, str]] | None:
    text = "".join((START, *lines, "\r\n"))
    assert count_fields(text) == len(lines)
    return read_fields(text, len(START), allows_bare_lf=allows_bare_lf)


def test_fields_come_in_their_order_with_names_in_lower_case() -> None:
    assert fields("B: 1\r\n", "a:\r\n", "b:2\r\n") == [("b", "1"), ("a", ""), ("b", "2")]


@pytest.mark.parametrize("value", [" v \r\n", "\tv\t\r\n", "  v \t\r\n", "v\r\n"])
def test_blanks_around_a_value_are_none_of_it(value: str) -> None:
    assert fields("x:" + value) == [("x", "v")]


def test_blanks_inside_a_value_stay() -> None:
    assert fields("x: a \tb\r\n") == [("x", "a \tb")]


@pytest.mark.parametrize(
    "line", ["no colon\r\n", "na me: v\r\n", "x : v\r\n", ": v\r\n", " x: v\r\n", "x: \x00\r\n"]
)
def test_what_is_no_field_makes_a_head_that_is_none(line: str) -> None:
    assert fields("a: 1\r\n", line) is None


def test_a_bare_line_feed_ends_a_line_only_where_it_is_allowed() -> None:
    assert fields("x: v \n") is None
    assert fields("x: v \n", "y: w\r\n", allows_bare_lf=True) == [("x", "v"), ("y", "w")]
