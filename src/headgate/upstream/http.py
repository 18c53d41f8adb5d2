"""Calls over HTTP/1.1."""

import asyncio
import os
import ssl
from collections.abc import Mapping

import msgspec

from headgate.upstream.address import read_address
from headgate.upstream.answer import Answer, Call, TargetUnreachable
from headgate.upstream.connect import Connector, Way
from headgate.upstream.connection import Connection, Origin
from headgate.upstream.http_answer import HttpAnswer
from headgate.upstream.pool import Pool
from headgate.upstream.proxies import Proxies, ProxyUnfit
from headgate.upstream.request_head import request_head
from headgate.upstream.resolve import Resolver
from headgate.upstream.upload import Upload

_IDLE_S = 20.0
"""Shorter than servers keep theirs, so that a stale connection is rarely picked."""
_MOST_IDLE = 512
_STALE_S = 2.0
"""A connection that the backend had closed before our request came says so within a round trip."""
_MOST_KNOWN = 1024


class _Target(msgspec.Struct, frozen=True):
    """What is the same for all calls to one URL."""

    way: Way
    origin: Origin
    request_target: str
    host: str
    more: str


class HttpUpstream:
    """Calls backends over connections that are kept between calls. One for each event loop.

    `tls` replaces the usual trust; `environment` is where proxies are named.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        environment: Mapping[str, str] | None = None,
        resolver: Resolver | None = None,
        idle_s: float = _IDLE_S,
        most_idle: int = _MOST_IDLE,
    ) -> None:
        self._proxies = Proxies(os.environ if environment is None else environment)
        self._resolver = resolver or Resolver()
        self._connector = Connector(self._resolver, tls)
        self._pool = Pool(idle_s, most_idle)
        self._targets: dict[str, _Target] = {}

    async def send(self, call: Call) -> Answer:
        """See `headgate.upstream.answer.Upstream.send`.

        A kept connection that turns out to be closed before any byte of an answer is not the
        backend's failure: the call goes out once more, on a new connection.
        """
        target = self._targets.get(call.url) or self._read_target(call.url)
        try:
            head = request_head(call, target.request_target, target.host, target.more)
        except ValueError as error:
            raise TargetUnreachable(str(error)) from error
        if isinstance(call.body, bytes):
            loop = asyncio.get_running_loop()
            asked_at = loop.time()
            kept = self._pool.take(target.origin, asked_at)
            if kept is not None:
                try:
                    return await _ask(kept, call, head)
                except TargetUnreachable as lost:
                    if lost.sent != "request" or loop.time() - asked_at > _STALE_S:
                        raise
        connection = Connection(self._pool, target.origin)
        await self._connector.connect(target.way, connection, call.connect_timeout_s)
        return await _ask(connection, call, head)

    @property
    def idle(self) -> int:
        """How many connections wait for their next request."""
        return self._pool.size

    async def aclose(self) -> None:
        """See `headgate.upstream.answer.Upstream.aclose`."""
        self._pool.close()
        self._resolver.close()
        await asyncio.sleep(0)  # what was dropped is closed in the next turn of the loop

    def _read_target(self, url: str) -> _Target:
        try:
            address = read_address(url)
        except ValueError as error:
            raise TargetUnreachable("its address is not a URL") from error
        try:
            proxy = self._proxies.proxy_for(address)
        except ProxyUnfit as error:
            raise TargetUnreachable(str(error)) from error
        through, request_target, more = "", address.target, ""
        if proxy is not None:
            through = f"{proxy.scheme}://{proxy.host}:{proxy.port}"
        if proxy is not None and address.scheme == "http":
            request_target = f"http://{address.authority}{address.target}"
            if proxy.authorization:
                more = f"proxy-authorization: {proxy.authorization}\r\n"
        target = _Target(
            way=Way(address, proxy),
            origin=(address.scheme, address.host, address.port, through),
            request_target=request_target,
            host=address.authority,
            more=more,
        )
        if len(self._targets) >= _MOST_KNOWN:
            self._targets.clear()
        self._targets[url] = target
        return target


async def _ask(connection: Connection, call: Call, head: bytes) -> HttpAnswer:
    """Sends the request and waits for the head of its answer; a call that is cancelled, or fails,
    takes its connection along."""
    answer = HttpAnswer(connection, call.method)
    begun = False
    try:
        if isinstance(call.body, bytes):
            connection.ask(answer, head, call.body)
            await answer.begin()
        else:
            connection.ask(answer, head, b"")
            await Upload(connection, answer, call.body, call.length).answered()
        begun = True
    finally:
        if not begun:
            answer.close()
    return answer
