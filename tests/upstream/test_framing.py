import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.upstream.framing import Body, Chunked, Malformed, Sized, UntilClose

bodies = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
cuts = st.lists(st.integers(1, 30), max_size=40)


def _fed(body: Body, data: bytes, sizes: list[int]) -> bytes:
    """`data` in pieces of `sizes`, the rest at once, and not beyond the end."""
    out = b""
    for size in [*sizes, len(data)]:
        if body.ended or not data:
            break
        out += body.feed(data[:size])
        data = data[size:]
    return out


def _chunked(pieces: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    chunks = b"".join(b"%X%b\r\n%b\r\n" % (len(p), extension, p) for p in pieces)
    return chunks + b"0\r\n" + trailers + b"\r\n"


@settings(max_examples=60)
@given(bodies, cuts, st.sampled_from([b"", b";a=b", b' ; x="y"', b"  "]))
def test_where_chunks_are_cut_does_not_matter(
    pieces: list[bytes], sizes: list[int], extension: bytes
) -> None:
    body = Chunked()
    assert _fed(body, _chunked(pieces, extension, b"x: y\r\nz:\r\n"), sizes) == b"".join(pieces)
    assert body.ended
    assert not body.surplus


@pytest.mark.parametrize("size", [b"a", b"A", b"0a", b"00000a"])
def test_a_chunk_that_comes_alone_is_given_in_one_piece(size: bytes) -> None:
    body = Chunked()
    for _ in range(2):
        assert body.feed(size + b"\r\n0123456789\r\n") == b"0123456789"
    assert body.feed(b"3\r\none") == b"one"
    assert body.feed(b"\r\n") == b""
    assert body.feed(b"4\r\n\r\n\r\n\r\n") == b"\r\n\r\n"
    assert body.feed(b"0\r\n\r\n") == b""
    assert (body.ended, body.surplus) == (True, False)


@settings(max_examples=60)
@given(bodies, cuts)
def test_what_is_left_out_of_a_chunked_body_is_missed(
    pieces: list[bytes], sizes: list[int]
) -> None:
    data = _chunked(pieces, trailers=b"x: y\r\n")
    for end in range(len(data)):
        body = Chunked()
        assert b"".join(pieces).startswith(_fed(body, data[:end], sizes))
        assert not body.ended


@given(st.binary(max_size=60), cuts)
def test_any_bytes_are_chunks_or_malformed(data: bytes, sizes: list[int]) -> None:
    try:
        _fed(Chunked(), data, sizes)
    except Malformed:
        pass


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b"zz\r\n",
        b"\r\n",
        b"-1\r\nx",
        b"+1\r\nx",
        b"0x1\r\nx",
        b"1_0\r\nx",
        b" 1\r\nx\r\n",
        b"1\nx\r\n",
        b"1;a\rb\r\nx\r\n",
        b"3\r\nonetwo\r\n",
        b"3\r\none\n0\r\n\r\n",
        b"3\r\none\rx",
        b"1" * 16 + b"\r\n",
        b"1;" + b"x" * 5000,
        b"1;" + b"x" * 5000 + b"\r\n",
        b"0\r\nno trailer\r\n\r\n",
        b"0\r\nx: " + b"y" * 10_000,
        b"0\r\nx: " + b"y" * 10_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_chunk_is_malformed_however_it_is_cut(data: bytes, size: int) -> None:
    with pytest.raises(Malformed):
        _fed(Chunked(), data, [size] * len(data))


@pytest.mark.parametrize("data", [b"0\r\n\r\nX", b"0\r\n\r\n\r\n", b"1\r\nx\r\n0\r\na: b\r\n\r\n0"])
def test_bytes_after_the_last_chunk_are_noticed(data: bytes) -> None:
    body = Chunked()
    body.feed(data)
    assert body.ended
    assert body.surplus


@given(st.binary(max_size=50), st.integers(0, 50), cuts)
def test_a_body_of_known_length_ends_there(data: bytes, length: int, sizes: list[int]) -> None:
    body = Sized(length)
    assert _fed(body, data, sizes) == data[:length]
    assert body.ended is (len(data) >= length)


def test_bytes_after_the_length_are_noticed() -> None:
    body = Sized(2)
    assert body.feed(b"okX") == b"ok"
    assert body.surplus


@given(st.binary(max_size=50), cuts)
def test_without_a_length_only_the_connection_ends_a_body(data: bytes, sizes: list[int]) -> None:
    body = UntilClose()
    assert _fed(body, data, sizes) == data
    assert body.ends_with_connection
    assert not body.ended
