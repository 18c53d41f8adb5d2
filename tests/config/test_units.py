import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.config import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("50ms", 0.05), ("5s", 5), ("10m", 600), ("1h", 3600), ("30d", 2_592_000), ("0", 0),
     ("1.5h", 5400), (" 5 s ", 5)],
)  # fmt: skip
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert units.read_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("32MiB", 32 * 1024**2), ("20kB", 20_000), ("7B", 7), ("1GB", 10**9), ("0", 0)],
)
def test_a_size_is_read_in_bytes(text: str, size: int) -> None:
    assert units.read_size(text) == size


@pytest.mark.parametrize(
    ("text", "words"),
    [("30", "write 30s or 30m"), ("5 weeks", "unknown unit 'weeks'"), ("fast", "a number and"),
     ("-5s", "a number and"), ("", "a number and"), ("1e9s", "a number and"),
     ("9999d", "ten years"), ("١s", "a number and")],
)  # fmt: skip
def test_what_is_no_duration_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        units.read_duration(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [("20", "write 20kB or 20MiB"), ("32mb", "unknown unit 'mb'"), ("big", "a number and")],
)
def test_what_is_no_size_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        units.read_size(text)


@given(st.integers(0, 10**12))
def test_a_written_size_is_read_as_itself(size: int) -> None:
    text = units.write_size(size)
    assert units.read_size(text) == size
    assert re.match(units.SIZE_PATTERN, text)


@given(st.integers(0, 3650 * 86_400))
def test_a_written_duration_is_read_as_itself(seconds: int) -> None:
    text = units.write_duration(seconds)
    assert units.read_duration(text) == seconds
    assert re.match(units.DURATION_PATTERN, text)
