import pytest

from headgate.dialects.json_body import read_object
from headgate.model.fault import Refused


def test_an_object_is_read() -> None:
    assert read_object(b'{"model":"m","n":[1]}') == {"model": "m", "n": [1]}


def test_half_a_character_is_let_through() -> None:
    assert read_object(b'{"text":"\\ud83d"}') == {"text": "\ud83d"}


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":NaN}', b'{"a":1} b', b'"\xff"'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="The body must be JSON: ") as refused:
        read_object(body)
    assert refused.value.fault.http_status == 400


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="The body must be a JSON object"):
        read_object(body)
