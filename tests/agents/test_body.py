from typing import Any

import pytest

from headgate.agents.body import MOST_BODY_BYTES, read_body
from headgate.agents.interface import Receive
from headgate.model.fault import Refused
from headgate.ports import CallerLeft


def receiving(*pieces: bytes, gone: bool = False) -> Receive:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    if gone:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


async def test_the_pieces_are_put_together() -> None:
    assert await read_body({}, receiving(b"a", b"", b"bc")) == b"abc"


async def test_twenty_megabytes_pass() -> None:
    whole = await read_body({}, receiving(bytes(MOST_BODY_BYTES - 1), b"x"))
    assert len(whole) == MOST_BODY_BYTES


async def test_a_byte_more_is_refused_while_it_arrives() -> None:
    with pytest.raises(Refused, match="larger than 20 MB") as caught:
        await read_body({}, receiving(bytes(MOST_BODY_BYTES), b"x", b"never read"))
    assert caught.value.fault.http_status == 413


@pytest.mark.parametrize("length", [str(MOST_BODY_BYTES + 1).encode(), b"9" * 5000])
async def test_a_declared_length_that_is_too_large_is_refused_unread(length: bytes) -> None:
    with pytest.raises(Refused) as caught:
        await read_body({b"content-length": length}, receiving(b"never read"))
    assert caught.value.fault.http_status == 413


async def test_a_compressed_body_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="Compressed") as caught:
        await read_body({b"content-encoding": b"gzip"}, receiving(b"x"))
    assert caught.value.fault.http_status == 415


async def test_a_caller_who_leaves_inside_the_body_is_no_fault() -> None:
    with pytest.raises(CallerLeft):
        await read_body({}, receiving(b"half", gone=True))
