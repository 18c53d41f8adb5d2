"""Compressed request bodies, and bombs."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Refused
from headgate.server.inflate import open_inflater

BODY = b'{"model":"fast"}' * 20


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_plain_body_needs_nothing(encoding: str) -> None:
    assert open_inflater(encoding, 10) is None


@given(st.sampled_from(["gzip", "x-gzip", "GZIP", "deflate"]), st.integers(0, 80))
@settings(max_examples=40, deadline=None)
def test_where_the_bytes_are_cut_does_not_matter(encoding: str, cut: int) -> None:
    data = zlib.compress(BODY) if encoding == "deflate" else gzip.compress(BODY)
    inflater = open_inflater(encoding, len(BODY))
    assert inflater is not None
    assert inflater.feed(data[:cut]) + inflater.feed(data[cut:]) == BODY
    inflater.end()


def test_gzip_in_several_members_is_one_body() -> None:
    inflater = open_inflater("gzip", 100)
    assert inflater is not None
    assert inflater.feed(gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"
    inflater.end()


@pytest.mark.parametrize("size", [1000, 50_000_000])
def test_a_bomb_is_refused_before_it_is_unpacked(size: int) -> None:
    inflater = open_inflater("gzip", 999)
    assert inflater is not None
    with pytest.raises(Refused) as caught:
        inflater.feed(gzip.compress(b"\0" * size))
    assert caught.value.fault.http_status == 413


@pytest.mark.parametrize(
    "data", [b"nonsense", gzip.compress(BODY) + b"nonsense"], ids=["all of it", "its end"]
)
def test_damage_is_a_bad_request(data: bytes) -> None:
    inflater = open_inflater("gzip", 1000)
    assert inflater is not None
    with pytest.raises(Refused) as caught:
        inflater.feed(data)
    assert caught.value.fault.http_status == 400


def test_an_end_too_early_is_a_bad_request() -> None:
    inflater = open_inflater("gzip", 1000)
    assert inflater is not None
    inflater.feed(gzip.compress(BODY)[:-3])
    with pytest.raises(Refused, match="too early"):
        inflater.end()


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip", "x"])
def test_other_codings_are_refused_and_the_known_ones_named(encoding: str) -> None:
    with pytest.raises(Refused, match="gzip") as caught:
        open_inflater(encoding, 10)
    assert caught.value.fault.http_status == 415
