"""Recorded streams through every caller's dialect: what they mean, cut and broken off anywhere."""

from typing import Any

import pytest

from tests.conformance import carry, chosen, clients, natives, validators
from tests.conformance.carry import CALLERS, Carried

ROWS = chosen.streams()


def carried(row: dict[str, Any], caller: str, pieces: list[bytes]) -> Carried:
    """The stream in `pieces` as the caller of a dialect gets it."""
    told = carry.row_context(row, caller)
    return carry.stream(pieces, row["dialect"], caller, told, carry.source_of(row))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_stream_means_to_its_caller_what_its_backend_said(
    row: dict[str, Any], caller: str
) -> None:
    got = carried(row, caller, [row["sse"].encode()])
    validators.check(caller, got.body, caller == row["dialect"])
    native = natives.stream(row["dialect"], row["sse"])
    natives.check_told(native, got, caller)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_where_the_bytes_are_cut_does_not_matter(row: dict[str, Any], caller: str) -> None:
    raw = row["sse"].encode()
    whole = carried(row, caller, [raw])
    for pieces in chosen.cuts(raw):
        assert carried(row, caller, pieces) == whole


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_other_line_ends_and_comments_do_not_matter(row: dict[str, Any], caller: str) -> None:
    raw = row["sse"].replace("\r\n", "\n").encode()
    whole = carried(row, caller, [raw])
    for other in (
        raw.replace(b"\n", b"\r\n"),
        raw.replace(b"\n", b"\r"),
        raw.replace(b"\n\n", b"\n\n: still here\n\n"),
        raw.replace(b"data: ", b"data:"),
        b"\xef\xbb\xbf" + raw,
    ):
        assert carried(row, caller, [other]) == whole


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_stream_that_breaks_off_is_never_a_success(row: dict[str, Any], caller: str) -> None:
    raw = row["sse"].encode()
    whole = carried(row, caller, [raw])
    for end in chosen.ends(raw):
        got = carried(row, caller, [raw[:end]])
        if got.outcome == "empty":
            assert got.body == b""
            continue
        validators.check(caller, got.body, caller == row["dialect"])
        if got.outcome == "complete":
            _check_finished_early(row, caller, raw[:end], whole)
            continue
        assert got.outcome in ("truncated", "upstream_error")
        with pytest.raises(clients.ERRORS):
            clients.STREAMS[caller](got.body)


def _check_finished_early(row: dict[str, Any], caller: str, raw: bytes, whole: Carried) -> None:
    """A stream that lost no more than its terminator or its usage behind the finish reason."""
    got = carried(row, caller, [raw])
    told, all_of_it = (clients.STREAMS[caller](stream.body) for stream in (got, whole))
    for answer, other in zip(told.answers, all_of_it.answers, strict=True):
        assert (answer.finish, answer.calls) == (other.finish, other.calls)
        assert other.text.startswith(answer.text)
