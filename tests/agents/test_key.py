import pytest

from headgate.agents.key import check_key
from headgate.model.fault import Refused

KEY = b"sk-agent"


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer sk-agent"},
        {b"authorization": b"bearer  sk-agent "},
        {b"x-api-key": b"sk-agent"},
        {b"x-api-key": b"sk-agent", b"authorization": b"Bearer sk-agent"},
        {b"x-api-key": b"sk-agent", b"authorization": b"Basic abc"},
    ],
)
def test_the_key_opens_in_either_header(headers: dict[bytes, bytes]) -> None:
    check_key(headers, KEY)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "Missing API key"),
        ({b"authorization": b"sk-agent"}, "Missing API key"),
        ({b"authorization": b"Bearer "}, "Missing API key"),
        ({b"authorization": b"Bearer sk-agen"}, "Invalid API key"),
        ({b"x-api-key": "sk-ägent".encode()}, "Invalid API key"),
    ],
)
def test_without_the_key_there_is_no_entry(headers: dict[bytes, bytes], said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        check_key(headers, KEY)
    assert caught.value.fault.http_status == 401
    assert caught.value.fault.public_code == "invalid_api_key"


def test_two_different_keys_are_refused_even_where_none_is_wanted() -> None:
    with pytest.raises(Refused, match="different keys") as caught:
        check_key({b"authorization": b"Bearer a", b"x-api-key": b"b"}, None)
    assert caught.value.fault.http_status == 400


def test_where_no_key_is_wanted_any_will_do() -> None:
    check_key({b"authorization": b"Bearer whatever"}, None)
    check_key({}, None)
