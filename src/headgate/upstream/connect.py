"""New connections: the name, the address, the proxy between, TLS; within one deadline."""

import asyncio
import functools
import socket
import ssl

import msgspec

from headgate.upstream.address import Address
from headgate.upstream.answer import TargetUnreachable
from headgate.upstream.connection import Connection
from headgate.upstream.dial import dial
from headgate.upstream.egress import EgressRefused, is_forbidden
from headgate.upstream.proxies import Proxy
from headgate.upstream.resolve import NameUnknown, Resolver
from headgate.upstream.tls import client_tls
from headgate.upstream.tunnel import ProxyRefused, Tunnel


class Way(msgspec.Struct, frozen=True):
    """How a host is reached: directly, or through ``proxy``."""

    address: Address
    proxy: Proxy | None = None


class _TlsFailed(OSError):  # noqa: N818 - named for the fact
    """A handshake failed, or the certificate is not one for this host, of these days, by someone
    who is trusted."""


class Connector:
    """Makes connections, with one resolver and one TLS context for all of them.

    Without `tls` the usual trust is loaded once somebody speaks TLS: it is 2 MB of certificates.
    """

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver
        self._given_tls = tls

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or client_tls()

    async def connect(self, way: Way, connection: Connection, timeout_s: float) -> None:
        """Connects `connection`. Raises TargetUnreachable; nothing was sent then."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connect(way, connection)
        except TimeoutError as error:
            raise TargetUnreachable("connecting took too long", timed_out=True) from error
        except (NameUnknown, EgressRefused, ProxyRefused, _TlsFailed) as error:
            raise TargetUnreachable(str(error)) from error
        except OSError as error:
            raise TargetUnreachable("the connection was refused") from error

    async def _connect(self, way: Way, connection: Connection) -> None:
        address, proxy = way.address, way.proxy
        if proxy is None:
            made = await self._dial(address.host, address.port)
            await self._hand_over(made, connection, address.scheme, address.host)
            return
        _refuse_literal(address.host)
        made = await self._dial(proxy.host, proxy.port)
        if address.scheme == "http":
            await self._hand_over(made, connection, proxy.scheme, proxy.host)
        else:
            await self._tunnel(made, connection, address, proxy)

    async def _dial(self, host: str, port: int) -> socket.socket:
        addresses = await self._resolver.resolve(host, port)
        reached = False
        try:
            made = await dial(addresses)
            reached = True
        finally:
            if not reached:
                self._resolver.forget(host, port)
        return made

    async def _hand_over(
        self, made: socket.socket, protocol: asyncio.Protocol, scheme: str, host: str
    ) -> asyncio.Transport:
        """Puts `protocol` on the socket, inside TLS where `scheme` says so."""
        loop = asyncio.get_running_loop()
        if scheme == "http":
            transport, _ = await loop.create_connection(lambda: protocol, sock=made)
            return transport
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, sock=made, ssl=self._tls, server_hostname=host
            )
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:  # ValueError: no name for a certificate
            raise _TlsFailed("its TLS certificate or handshake is not acceptable") from error
        return transport

    async def _tunnel(
        self, made: socket.socket, connection: Connection, address: Address, proxy: Proxy
    ) -> None:
        loop = asyncio.get_running_loop()
        tunnel = Tunnel(loop)
        outer = await self._hand_over(made, tunnel, proxy.scheme, proxy.host)
        inner = None
        try:
            await tunnel.open(outer, _with_port(address), proxy)
            inner = await loop.start_tls(outer, connection, self._tls, server_hostname=address.host)
        except (ProxyRefused, TimeoutError):
            raise
        except (OSError, ValueError) as error:  # ValueError: no name for a certificate
            raise _TlsFailed("its TLS certificate or handshake is not acceptable") from error
        finally:
            if inner is None:
                outer.abort()
        assert inner is not None, "only a transport that was closed gives none"
        connection.connection_made(inner)


def _with_port(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"


def _refuse_literal(host: str) -> None:
    """A proxy resolves names by itself, so that only addresses can be judged here."""
    try:
        forbidden = is_forbidden(host)
    except EgressRefused:
        return  # a name
    if forbidden:
        raise EgressRefused("calls to metadata services and link-local addresses are refused")
