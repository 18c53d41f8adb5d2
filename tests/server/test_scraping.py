"""Who may read the metrics."""

import pytest

from headgate.model.fault import Refused
from headgate.server.scraping import Scraping


async def read() -> bytes:
    return b"up 1\n"


async def is_admin(token: str) -> bool:
    return token == "right"


def scraping(loopback: bool) -> Scraping:
    return Scraping(read=read, content_type="text/x", is_admin=is_admin, loopback=loopback)


@pytest.mark.parametrize("loopback", [True, False])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_admin_token_opens_them_everywhere(loopback: bool, scheme: str) -> None:
    headers, body = await scraping(loopback).answer({"authorization": f"{scheme} right"})
    assert body == b"up 1\n"
    assert (b"content-type", b"text/x") in headers


async def test_on_this_machine_alone_no_token_is_needed() -> None:
    assert (await scraping(True).answer({}))[1] == b"up 1\n"


@pytest.mark.parametrize(
    ("loopback", "headers"),
    [
        (False, {}),
        (False, {"authorization": "Bearer wrong"}),
        (False, {"authorization": "Bearer"}),
        (False, {"authorization": "Basic right"}),
        (False, {"x-api-key": "right"}),
        (True, {"authorization": "Bearer wrong"}),
        (True, {"x-forwarded-for": "203.0.113.9"}),
        (True, {"forwarded": "for=203.0.113.9"}),
    ],
)
async def test_everybody_else_is_refused(loopback: bool, headers: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        await scraping(loopback).answer(headers)
    assert refused.value.fault.http_status == 401
    assert ("www-authenticate", "Bearer") in refused.value.fault.headers
