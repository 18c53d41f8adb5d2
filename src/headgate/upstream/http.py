"""Calls over HTTP, and the only file that imports the HTTP client (aiohttp)."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from headgate.upstream.answer import Answer, AnswerBroken, Call, TargetUnreachable
from headgate.upstream.egress import EgressRefused, guarded_socket, is_forbidden

_IDLE_CONNECTION_S = 20.0
"""Shorter than servers keep theirs, so that a stale connection is rarely picked."""
_READ_BUFFER = 64 * 1024

_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientProxyConnectionError,
    aiohttp.InvalidURL,
)


class HttpUpstream:
    """A pool of connections to backends. One for each event loop."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        # Not the client's `trust_env`: it reads ~/.netrc in a thread at every request.
        self._proxies = getproxies()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                ttl_dns_cache=60,
                keepalive_timeout=_IDLE_CONNECTION_S,
                ssl=tls or ssl.create_default_context(),
                socket_factory=guarded_socket,
            ),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BUFFER,
            trace_configs=[_tracing()],
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        )

    async def send(self, call: Call) -> Answer:
        """See `headgate.upstream.answer.Upstream.send`.

        A kept connection that turns out to be closed before any byte of an answer is not the
        backend's failure: the call goes out once more, on another connection.
        """
        note = _Note()
        try:
            return await self._send(call, note)
        except TargetUnreachable as unreachable:
            if unreachable.sent != "request" or not note.reused:
                raise
        return await self._send(call, _Note())

    async def _send(self, call: Call, note: "_Note") -> Answer:
        url = URL(call.url, encoded=True)
        proxy = self._proxy_for(url)
        if proxy is not None:
            _refuse_literal(url)
        try:
            response = await self._session.request(
                call.method,
                url,
                proxy=proxy,
                headers=call.headers,
                data=call.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=call.connect_timeout_s),
                trace_request_ctx=note,
            )
        except aiohttp.ServerTimeoutError as error:
            raise TargetUnreachable("connecting took too long", timed_out=True) from error
        except _NEVER_SENT as error:
            raise TargetUnreachable(_why(error)) from error
        except aiohttp.ClientResponseError as error:
            raise TargetUnreachable("it did not answer in HTTP", "headers") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise TargetUnreachable(
                "the connection was lost before an answer", "request"
            ) from error
        return HttpAnswer(response)

    async def aclose(self) -> None:
        """See `headgate.upstream.answer.Upstream.aclose`."""
        await self._session.close()

    def _proxy_for(self, url: URL) -> str | None:
        """The proxy that the environment names for `url` (``HTTPS_PROXY``, ``NO_PROXY``)."""
        if not self._proxies or proxy_bypass(url.host or ""):
            return None
        return self._proxies.get(url.scheme) or self._proxies.get("all")


@dataclass(slots=True)
class _Note:
    """Whether a call went out on a kept connection."""

    reused: bool = False


def _tracing() -> aiohttp.TraceConfig:
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(_note_reuse)
    return tracing


async def _note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.reused = True


class HttpAnswer:
    """One answer over HTTP."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.headers.items()
        }

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise AnswerBroken("the connection was lost inside the answer") from error

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`.

        ``close`` of the client library drops the connection unless the body ended; its
        ``release`` would keep reading a body that nobody wants.
        """
        self._response.close()


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name does not resolve"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its TLS certificate or handshake is not acceptable"
    if isinstance(error, aiohttp.InvalidURL):
        return "its address is not a URL"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    return str(cause) if isinstance(cause, EgressRefused) else "the connection was refused"


def _refuse_literal(url: URL) -> None:
    """A proxy resolves names by itself, so that only addresses can be judged here."""
    try:
        forbidden = is_forbidden(url.host or "")
    except EgressRefused:
        return
    if forbidden:
        raise TargetUnreachable("calls to metadata services and link-local addresses are refused")
