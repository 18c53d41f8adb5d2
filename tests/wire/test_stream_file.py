"""Recordings as files: whole ones come back as they were, no damage goes unseen."""

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.recorded import EndLine, PieceLine, Recorded, RecordedAttempt
from headgate.wire import stream_file
from headgate.wire.stream_file import Damaged
from tests.wire.recorded_samples import BROKEN, EXCHANGE, FILE, RECORDED, file_of


def pieces() -> st.SearchStrategy[tuple[PieceLine, ...]]:
    text = st.builds(PieceLine, at_us=st.integers(0, 2**40), text=st.text(max_size=40))
    data = st.builds(PieceLine, at_us=st.integers(0, 2**40), base64=st.binary(max_size=40))
    return st.lists(text | data, max_size=8).map(tuple)


@given(pieces())
def test_what_is_written_is_read_again(heard: tuple[PieceLine, ...]) -> None:
    attempt = msgspec.structs.replace(BROKEN, pieces=heard)
    recorded = msgspec.structs.replace(RECORDED, attempts=(attempt,))
    again = stream_file.read(file_of(recorded))
    assert again.exchange == recorded.exchange
    assert [p.data for p in again.attempts[0].pieces] == [p.data for p in heard]
    assert file_of(again) == file_of(recorded)


@given(st.integers(0, len(FILE) - 1))
def test_a_file_that_is_cut_off_anywhere_is_damaged_and_says_where(length: int) -> None:
    with pytest.raises(Damaged, match=r" at byte \d+$") as raised:
        stream_file.read(FILE[:length])
    assert raised.value.at <= length
    whole = raised.value.whole
    if whole is not None:
        assert file_of(whole)[: len(stream_file.FIRST_LINE)] == stream_file.FIRST_LINE
        lines = b"".join(list(stream_file.written(whole.lines()))[:-1])
        assert FILE.startswith(lines)


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unseen(place: int, change: int) -> None:
    changed = bytearray(FILE)
    changed[place] ^= change
    with pytest.raises(Damaged):
        stream_file.read(bytes(changed))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_recording_or_damaged(data: bytes) -> None:
    for file in (data, stream_file.FIRST_LINE + data):
        with pytest.raises(Damaged):
            stream_file.read(file)


def test_bytes_before_the_damage_can_be_used() -> None:
    place = FILE.index(b'{"record":"ended","at_us":40000')
    with pytest.raises(Damaged) as raised:
        stream_file.read(FILE[: place + 5])
    whole = raised.value.whole
    assert whole is not None
    assert whole.attempts[-1] == msgspec.structs.replace(BROKEN, ended=None)


def test_a_version_that_is_not_known_is_named() -> None:
    with pytest.raises(Damaged, match=r"version that is not known \(2\) at byte"):
        stream_file.read(b"headgate.stream 2\n")


def test_what_stands_behind_the_end_is_damage() -> None:
    with pytest.raises(Damaged, match="behind the recording's end"):
        stream_file.read(FILE + b"\n")


def test_lines_in_an_order_that_makes_no_sense_are_damage() -> None:
    wrong = stream_file.written([EXCHANGE, BROKEN.pieces[0]])
    with pytest.raises(Damaged, match="do not follow"):
        stream_file.read(b"".join(wrong))
    with pytest.raises(Damaged, match="no exchange"):
        stream_file.read(b"".join(stream_file.written([BROKEN.asked])))


def test_a_record_of_no_known_kind_is_damage() -> None:
    said = b'{"record":"surprise"}'
    line = b"%08x %b\n" % (zlib.crc32(said), said)
    with pytest.raises(Damaged, match="not known"):
        stream_file.read(stream_file.FIRST_LINE + line)


def test_only_what_begins_as_one_is_a_recording() -> None:
    assert stream_file.is_recording(FILE)
    assert stream_file.is_recording(b"headgate.stream 9\n")
    assert stream_file.is_recording(FILE[:5])
    assert not stream_file.is_recording(b"data: {}\n\n")
    assert not stream_file.is_recording(b"")


def forged(**changes: object) -> Recorded:
    assert BROKEN.ended is not None
    ended = msgspec.structs.replace(BROKEN.ended, **changes)
    attempt: RecordedAttempt = msgspec.structs.replace(BROKEN, ended=ended)
    return msgspec.structs.replace(RECORDED, attempts=(attempt,))


def test_a_recording_whose_digests_do_not_hold_says_so_though_its_checksums_do() -> None:
    assert stream_file.problems_of(stream_file.read(FILE)) == []
    text = PieceLine(at_us=1, text="another")
    attempt = msgspec.structs.replace(BROKEN, pieces=(text,))
    other = stream_file.read(file_of(msgspec.structs.replace(RECORDED, attempts=(attempt,))))
    assert stream_file.problems_of(other) == [
        "the bytes of attempt 2 are not those of their digest"
    ]
    assert stream_file.problems_of(forged(sha256="0" * 64)) == [
        "the digests of attempt 2 do not agree with each other"
    ]
    assert stream_file.problems_of(forged(sha256="0" * 64, cut=True)) == []
    unended = msgspec.structs.replace(BROKEN, ended=None)
    assert stream_file.problems_of(Recorded(exchange=EXCHANGE, attempts=(unended,))) == [
        "attempt 2 has no end"
    ]


def test_the_last_line_counts_the_others_and_has_their_digest() -> None:
    last = FILE.splitlines()[-1]
    end = msgspec.json.decode(last[9:], type=EndLine)
    assert end.records == len(FILE.splitlines()) - 2
