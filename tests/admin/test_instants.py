import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.admin.instants import parse_instant, rfc3339


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000.125, "2023-11-14T22:13:20.125Z"),
        (1_700_000_000.9999, "2023-11-14T22:13:21.000Z"),
    ],
)
def test_a_time_is_written_in_utc_to_the_millisecond(seconds: float, text: str) -> None:
    assert rfc3339(seconds) == text


@given(st.integers(0, 4_000_000_000_000))
def test_what_is_written_reads_back(milliseconds: int) -> None:
    assert parse_instant(rfc3339(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000),
        ("2023-11-14T23:13:20 01:00", 1_700_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ("2023-11-14", 1_699_920_000),
    ],
)
def test_a_time_is_read_in_any_offset_and_as_utc_without(text: str, seconds: float) -> None:
    assert parse_instant(text) == seconds


def test_a_day_that_closes_a_range_is_in_it_whole() -> None:
    assert parse_instant("2023-11-14", end_of_day=True) == 1_699_920_000 + 86_400
    assert parse_instant("2023-11-14T22:13:20Z", end_of_day=True) == 1_700_000_000
    assert parse_instant("9999-12-31", end_of_day=True) == 253_402_300_800


@pytest.mark.parametrize("text", ["", "yesterday", "1700000000", "2023-13-01", "99999-12-31"])
def test_anything_else_is_said_to_be_wrong(text: str) -> None:
    with pytest.raises(ValueError, match="must be a time like"):
        parse_instant(text, end_of_day=True)


@given(st.text())
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        seconds = parse_instant(text)
    except ValueError:
        return
    assert seconds == pytest.approx(parse_instant(rfc3339(seconds)), abs=0.001)
