"""What lies below a call: names, TLS, proxies, the deadline over all of it."""

import asyncio
import socket
import ssl

import pytest

from headgate.upstream.answer import Call, TargetUnreachable
from headgate.upstream.egress import AddressInfo
from headgate.upstream.resolve import Resolver
from tests.faults.raw_backend import black_hole, closed_port
from tests.upstream.certificates import Authority
from tests.upstream.peers import OK, answering, call_to, listening, pool, request, whole


def _resolver(**names: str) -> Resolver:
    """Knows ``<name>.test`` for each name."""

    async def lookup(host: str, port: int) -> list[AddressInfo]:
        address = names.get(host.removesuffix(".test"))
        if address is None:
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return Resolver(lookup)


def _tls_call(port: int, host: str = "a.test") -> Call:
    return call_to(port, url=f"https://{host}:{port}/v1/x")


async def _refused(call: Call, **chosen: object) -> TargetUnreachable:
    async with pool(**chosen) as upstream:
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(call)
    assert unreachable.value.sent == "nothing"
    return unreachable.value


# TLS


async def test_a_call_over_tls_names_the_host_and_speaks_http_1_1(authority: Authority) -> None:
    spoken: list[str | None] = []
    names: list[str | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        for _ in range(2):
            await request(reader)
            writer.write(OK)

    server = authority.serves("a.test")
    server.sni_callback = lambda sock, name, context: names.append(name)
    chosen = {"tls": authority.trusted(), "resolver": _resolver(a="127.0.0.1")}
    chosen["tls"].set_alpn_protocols(["http/1.1"])  # type: ignore[attr-defined]
    async with listening(serve, server) as peer, pool(**chosen) as upstream:
        for _ in range(2):
            assert await whole(upstream, _tls_call(peer.port)) == b"ok"
        assert peer.made == 1
    assert (spoken, names) == (["http/1.1"], ["a.test"])


async def test_an_authority_of_ones_own_is_trusted_by_the_environment(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    async with listening(answering(OK), authority.serves("127.0.0.1")) as peer, pool() as upstream:
        assert await whole(upstream, _tls_call(peer.port, "127.0.0.1")) == b"ok"


@pytest.mark.parametrize(
    ("name", "days", "trusted"), [("b.test", 30, True), ("a.test", -1, True), ("a.test", 30, False)]
)
async def test_the_wrong_name_an_expired_or_a_strangers_certificate_is_refused(
    authority: Authority, name: str, days: int, trusted: bool
) -> None:
    heard: list[bytes] = []
    tls = authority.trusted() if trusted else ssl.create_default_context()
    async with listening(answering(OK, heard), authority.serves(name, days)) as peer:
        call = _tls_call(peer.port)
        refusal = await _refused(call, tls=tls, resolver=_resolver(a="127.0.0.1"))
        assert "TLS certificate" in str(refusal)
        await peer.until_gone(peer.made)
    assert not heard


@pytest.mark.parametrize("said", [b"no tls here", b""])
async def test_who_speaks_no_tls_is_refused(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)

    async with listening(serve) as peer:
        assert "TLS" in str(await _refused(_tls_call(peer.port, "127.0.0.1")))


async def test_a_big_answer_over_tls_comes_whole(authority: Authority) -> None:
    body = bytes(range(256)) * 16 * 1024
    reply = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    chosen = {"tls": authority.trusted(), "resolver": _resolver(a="127.0.0.1")}
    server = authority.serves("a.test")
    async with listening(answering(reply), server) as peer, pool(**chosen) as upstream:
        assert await whole(upstream, _tls_call(peer.port)) == body


async def test_closing_inside_an_answer_over_tls_drops_the_connection(authority: Authority) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\none")
        await reader.read()

    chosen = {"tls": authority.trusted(), "resolver": _resolver(a="127.0.0.1")}
    async with listening(serve, authority.serves("a.test")) as peer, pool(**chosen) as upstream:
        answer = await upstream.send(_tls_call(peer.port))
        assert await answer.read() == b"one"
        answer.close()
        await peer.until_gone(1)


# The deadline


async def test_the_deadline_covers_the_name() -> None:
    async def lookup(host: str, port: int) -> list[AddressInfo]:
        await asyncio.Event().wait()
        raise AssertionError

    call = call_to(1, url="http://a.test/", connect_timeout_s=0.05)
    assert (await _refused(call, resolver=Resolver(lookup))).timed_out


async def test_the_deadline_covers_tcp() -> None:
    with black_hole() as url:
        assert (await _refused(call_to(1, url=url, connect_timeout_s=0.05))).timed_out


async def test_the_deadline_covers_the_handshake() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(serve) as peer:
        url = f"https://127.0.0.1:{peer.port}/"
        assert (await _refused(call_to(1, url=url, connect_timeout_s=1.0))).timed_out
        await peer.until_gone(1)


async def test_a_call_that_is_cancelled_in_the_handshake_leaves_no_connection() -> None:
    arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        arrived.set()
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        sending = asyncio.ensure_future(upstream.send(_tls_call(peer.port, "127.0.0.1")))
        await arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await peer.until_gone(1)


# Names and addresses


async def test_a_name_that_leads_to_a_metadata_service_is_not_followed() -> None:
    call = call_to(1, url="http://innocent.test/")
    refusal = await _refused(call, resolver=_resolver(innocent="169.254.169.254"))
    assert "metadata services" in str(refusal)


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "2852039166"])
async def test_metadata_services_are_never_called(host: str) -> None:
    await _refused(call_to(1, url=f"http://{host}/latest/meta-data"))


async def test_a_name_that_moved_is_asked_for_anew_when_its_address_does_not_answer() -> None:
    addresses = ["127.0.0.2", "127.0.0.1"]

    async def lookup(host: str, port: int) -> list[AddressInfo]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses.pop(0), port))]

    async with listening(answering(OK)) as peer, pool(resolver=Resolver(lookup)) as upstream:
        call = call_to(1, url=f"http://a.test:{peer.port}/")
        with pytest.raises(TargetUnreachable):
            await upstream.send(call)
        assert await whole(upstream, call) == b"ok"


# Proxies


class FakeProxy:
    """Opens tunnels to a port of this machine, whatever host is asked for; notes what it heard."""

    def __init__(self, port: int, opens: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.heard: list[bytes] = []
        self._port = port
        self._opens = opens

    def to(self, port: int) -> None:
        """Leads there from now on."""
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._opens)
        if b" 200 " not in self._opens:
            await reader.read()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        ways = asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
        try:
            await ways
        finally:
            far_writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_call_over_tls_goes_through_a_tunnel(authority: Authority, scheme: str) -> None:
    heard: list[bytes] = []
    serve = answering(OK, heard, times=2)
    async with listening(serve, authority.serves("a.test")) as far:
        proxy = FakeProxy(far.port)
        theirs = authority.serves("p.test") if scheme == "https" else None
        async with listening(proxy.serve, theirs) as near:
            named = f"{scheme}://me:secret@p.test:{near.port}"
            async with pool(
                tls=authority.trusted(),
                resolver=_resolver(p="127.0.0.1"),
                environment={"HTTPS_PROXY": named},
            ) as upstream:
                for _ in range(2):
                    assert await whole(upstream, _tls_call(far.port)) == b"ok"
            assert near.made == far.made == 1
    connect = proxy.heard[0]
    assert connect.startswith(b"CONNECT a.test:%d HTTP/1.1\r\n" % far.port)
    assert b"\r\nproxy-authorization: Basic bWU6c2VjcmV0\r\n" in connect
    assert b"proxy-authorization" not in heard[0]
    assert heard[0].startswith(b"POST /v1/x HTTP/1.1\r\n")


async def test_inside_a_tunnel_the_host_is_checked(authority: Authority) -> None:
    server = authority.serves("b.test")
    async with (
        listening(answering(OK), server) as far,
        listening(FakeProxy(far.port).serve) as near,
    ):
        refusal = await _refused(
            _tls_call(far.port),
            tls=authority.trusted(),
            environment={"HTTPS_PROXY": f"http://127.0.0.1:{near.port}"},
        )
        await near.until_gone(1)
    assert "TLS certificate" in str(refusal)


async def test_a_proxy_that_refuses_is_told() -> None:
    proxy = FakeProxy(1, b"HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n")
    async with listening(proxy.serve) as near:
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{near.port}"}
        refusal = await _refused(_tls_call(443), environment=environment)
        await near.until_gone(1)
    assert "the proxy answered 407" in str(refusal)


async def test_a_proxy_that_says_nothing_is_within_the_deadline() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass

    async with listening(serve) as near:
        call = call_to(1, url="https://a.test/", connect_timeout_s=1.0)
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{near.port}"}
        assert (await _refused(call, environment=environment)).timed_out
        await near.until_gone(1)


async def test_a_host_that_no_certificate_can_name_is_refused() -> None:
    proxy = FakeProxy(1)
    async with listening(proxy.serve) as near, listening(answering(OK)) as far:
        proxy.to(far.port)
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{near.port}"}
        call = call_to(1, url=f"https://{'x' * 64}.test/")
        assert "TLS certificate" in str(await _refused(call, environment=environment))


async def test_a_proxy_that_is_not_there_is_told() -> None:
    with closed_port() as closed:
        await _refused(_tls_call(443), environment={"HTTPS_PROXY": closed})
    refusal = await _refused(_tls_call(443), environment={"HTTPS_PROXY": "socks5://x:1"})
    assert "not an HTTP proxy" in str(refusal)


async def test_a_call_in_the_clear_names_all_of_its_url_to_the_proxy() -> None:
    heard: list[bytes] = []
    async with listening(answering(OK, heard)) as near:
        environment = {"http_proxy": f"http://me:secret@127.0.0.1:{near.port}"}
        async with pool(environment=environment) as upstream:
            assert await whole(upstream, call_to(1, url="http://far.invalid/v1/y?z")) == b"ok"
    assert heard[0].startswith(b"POST http://far.invalid/v1/y?z HTTP/1.1\r\nhost: far.invalid\r\n")
    assert b"\r\nproxy-authorization: Basic bWU6c2VjcmV0\r\n" in heard[0]


async def test_hosts_that_the_environment_excepts_are_called_directly() -> None:
    heard: list[bytes] = []
    with closed_port() as closed:
        environment = {"http_proxy": closed, "no_proxy": "127.0.0.1"}
        async with (
            listening(answering(OK, heard)) as peer,
            pool(environment=environment) as upstream,
        ):
            assert await whole(upstream, call_to(peer.port)) == b"ok"
    assert heard[0].startswith(b"POST /v1/x?beta=true HTTP/1.1\r\n")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_is_not_asked_for_a_metadata_service_either(scheme: str) -> None:
    heard: list[bytes] = []
    async with listening(answering(OK, heard)) as near:
        call = call_to(1, url=f"{scheme}://169.254.169.254/")
        environment = {"all_proxy": f"http://127.0.0.1:{near.port}"}
        assert "metadata services" in str(await _refused(call, environment=environment))
    assert not heard


async def test_a_proxy_at_a_forbidden_address_is_not_asked() -> None:
    environment = {"http_proxy": "http://169.254.169.254:80"}
    assert "metadata" in str(
        await _refused(call_to(1, url="http://a.test/"), environment=environment)
    )
