"""A body from its pieces."""

import gzip

import pytest

from headgate.model.fault import Refused
from headgate.server.gathering import Gathering

SAID = b"Say hello. " * 20
CODINGS = pytest.mark.parametrize(
    ("coding", "sent"), [("", SAID), ("gzip", gzip.compress(SAID))], ids=["plain", "gzip"]
)
"""With names of their own: packed bytes hold the time, and all workers must name a test alike."""


@CODINGS
@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_pieces_are_one_body(coding: str, sent: bytes, cut: int) -> None:
    gathering = Gathering(coding, 1000)
    for at in range(0, len(sent), cut):
        gathering.add(sent[at : at + cut])
    assert gathering.whole() == SAID


@CODINGS
def test_a_byte_too_many_is_refused_packed_or_not(coding: str, sent: bytes) -> None:
    gathering = Gathering(coding, len(SAID) - 1)
    with pytest.raises(Refused) as refused:
        gathering.add(sent)
    assert refused.value.fault.http_status == 413


def test_a_packed_body_that_ends_too_early_is_refused_and_no_body_is_none() -> None:
    assert Gathering("gzip", 1000).whole() == b""
    gathering = Gathering("gzip", 1000)
    gathering.add(gzip.compress(SAID)[:-4])
    with pytest.raises(Refused):
        gathering.whole()
