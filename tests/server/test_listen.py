"""Addresses and listening sockets."""

import socket

import pytest

from headgate.server.listen import bind, bound_port
from headgate.server.service import CannotServe


def test_port_zero_is_any_free_port_and_the_same_on_every_address() -> None:
    sockets = bind("localhost", 0)
    try:
        assert {sock.getsockname()[1] for sock in sockets} == {bound_port(sockets)}
        for sock in sockets:
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    finally:
        for sock in sockets:
            sock.close()


def test_a_port_in_use_is_one_clear_sentence() -> None:
    [sock] = bind("127.0.0.1", 0)
    port = bound_port([sock])
    try:
        with pytest.raises(CannotServe) as caught:
            bind("127.0.0.1", port)
        told = f"cannot listen on 127.0.0.1 port {port}: the port is in use already"
        assert str(caught.value) == told
    finally:
        sock.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "not a host"])
def test_an_address_that_is_not_ours_is_one_clear_sentence(host: str) -> None:
    with pytest.raises(CannotServe, match=f"cannot listen on {host} port 0: "):
        bind(host, 0)


@pytest.mark.parametrize("host", ["a..b", "x" * 70])
def test_what_cannot_be_a_host_name_is_one_clear_sentence(host: str) -> None:
    with pytest.raises(CannotServe, match=f"^cannot listen on '{host}': it is no host name$"):
        bind(host, 0)
