import asyncio
import socket
from collections.abc import Iterator

import pytest

from headgate.upstream.dial import STAGGER_S, dial
from headgate.upstream.egress import AddressInfo, EgressRefused
from tests.faults.raw_backend import black_hole


def _info(port: int, address: str = "127.0.0.1") -> AddressInfo:
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def closed() -> Iterator[int]:
    """A port where nobody listens, nor comes to."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield _port(kept)


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to(
    listener: socket.socket,
) -> None:
    with await dial([_info(_port(listener))]) as made:
        assert made.getpeername() == ("127.0.0.1", _port(listener))
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_the_next_address_is_tried_when_one_refuses(
    listener: socket.socket, closed: int
) -> None:
    addresses = [_info(closed), _info(closed, "127.0.0.2"), _info(_port(listener))]
    with await dial(addresses) as made:
        assert made.getpeername()[1] == _port(listener)


async def test_the_next_address_is_tried_beside_one_that_says_nothing(
    listener: socket.socket,
) -> None:
    begun = asyncio.get_running_loop().time()
    with black_hole() as url:
        silent = int(url.rpartition(":")[2])
        with await dial([_info(silent), _info(_port(listener))]) as made:
            assert made.getpeername()[1] == _port(listener)
    assert asyncio.get_running_loop().time() - begun >= STAGGER_S * 0.9


async def test_where_all_refuse_the_first_failure_is_told(closed: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        await dial([_info(closed), _info(closed, "127.0.0.2")])
    with pytest.raises(ConnectionRefusedError):
        await dial([_info(closed)])


async def test_a_forbidden_address_is_never_tried(listener: socket.socket) -> None:
    with pytest.raises(EgressRefused):
        await dial([_info(80, "169.254.169.254")])
    with await dial([_info(80, "169.254.169.254"), _info(_port(listener))]) as made:
        assert made.getpeername()[1] == _port(listener)


async def test_both_families_take_turns(listener: socket.socket, closed: int) -> None:
    six = (socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", closed, 0, 0))
    with await dial([six, six, _info(_port(listener))]) as made:
        assert made.family == socket.AF_INET


async def test_a_dial_that_is_cancelled_leaves_no_socket(listener: socket.socket) -> None:
    with black_hole() as url:
        silent = _info(int(url.rpartition(":")[2]))
        for addresses in ([silent], [silent, silent]):
            dialling = asyncio.ensure_future(dial(addresses))
            await asyncio.sleep(STAGGER_S * 1.2)
            dialling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dialling
    # An unclosed socket would be told as a warning, and those are errors here.
    await asyncio.sleep(0)
