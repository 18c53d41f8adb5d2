"""Raw requests, good and bad, with what must come of each.

Behind every one a sentinel request is sent in the same breath: where the connection lives on it is
served, where it was refused it must not be.
"""

import msgspec

Seen = tuple[str, bytes, bytes]

SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n"
SENTINEL_SEEN: Seen = ("GET", b"/sentinel", b"")


class Case(msgspec.Struct, frozen=True):
    """``seen`` reach the application; then ``refused`` is the status of the refusal, if any.

    ``last``: the connection ends after it without a refusal.
    """

    name: str
    raw: bytes
    seen: tuple[Seen, ...] = ()
    refused: int | None = None
    last: bool = False


H = b"Host: a\r\n"
_POST = b"POST /p HTTP/1.1\r\nHost: a\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
_EVIL = b"GET /evil HTTP/1.1\r\nHost: e\r\n\r\n"


def _refused(name: str, raw: bytes, status: int = 400) -> Case:
    return Case(name, raw, refused=status)


def _head(line: bytes, headers: bytes = H) -> bytes:
    return line + b"\r\n" + headers + b"\r\n"


def _get(name: str, headers: bytes = b"", path: bytes = b"/g") -> Case:
    raw = b"GET " + path + b" HTTP/1.1\r\n" + H + headers + b"\r\n"
    return Case(name, raw, seen=(("GET", path, b""),))


def _post(name: str, raw: bytes, body: bytes) -> Case:
    return Case(name, raw, seen=(("POST", b"/p", body),))


def _bad_header(name: str, lines: bytes) -> Case:
    return _refused(name, b"GET /g HTTP/1.1\r\n" + H + lines + b"\r\n")


def _bad_framing(name: str, lines: bytes, body: bytes = b"") -> Case:
    return _refused(name, _POST + lines + b"\r\n" + body)


def _bad_chunks(name: str, body: bytes) -> Case:
    return _refused(name, _CHUNKED + body)


def _bad_host(name: str, value: bytes) -> Case:
    return _refused(name, b"GET /g HTTP/1.1\r\nHost: " + value + b"\r\n\r\n")


def _good_host(name: str, value: bytes) -> Case:
    raw = b"GET /g HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
    return Case(name, raw, seen=(("GET", b"/g", b""),))


def _bad_line(name: str, line: bytes, status: int = 400) -> Case:
    return _refused(name, _head(line), status)


_C0 = b"0\r\n\r\n"
_TE = b"Transfer-Encoding: "
_CL = b"Content-Length: "

FRAMING = [
    _bad_framing("CL and TE", _CL + b"3\r\n" + _TE + b"chunked\r\n", _C0),
    _bad_framing("TE and CL", _TE + b"chunked\r\n" + _CL + b"3\r\n", _C0),
    _bad_framing("CL.TE smuggles", _CL + b"6\r\n" + _TE + b"chunked\r\n", _C0 + b"G"),
    _bad_framing("TE.CL smuggles", _TE + b"chunked\r\n" + _CL + b"4\r\n", b"5c\r\n" + _EVIL),
    _bad_framing("two different CL", _CL + b"3\r\n" + _CL + b"4\r\n", b"abcd"),
    _bad_framing("the same CL twice", _CL + b"3\r\n" + _CL + b"3\r\n", b"abc"),
    _bad_framing("CL as a list", _CL + b"3, 3\r\n", b"abc"),
    _bad_framing("CL with plus", _CL + b"+3\r\n", b"abc"),
    _bad_framing("CL negative", _CL + b"-3\r\n", b"abc"),
    _bad_framing("CL hexadecimal", _CL + b"0x3\r\n", b"abc"),
    _bad_framing("CL float", _CL + b"3.0\r\n", b"abc"),
    _bad_framing("CL exponent", _CL + b"1e1\r\n", b"abc"),
    _bad_framing("CL with underscore", _CL + b"1_0\r\n", b"abc"),
    _bad_framing("CL empty", b"Content-Length:\r\n", b"abc"),
    _bad_framing("CL blank", b"Content-Length:   \r\n", b"abc"),
    _bad_framing("CL two words", _CL + b"3 3\r\n", b"abc"),
    _bad_framing("CL quoted", _CL + b'"3"\r\n', b"abc"),
    _bad_framing("CL beyond 64 bits", _CL + b"18446744073709551619\r\n", b"abc"),
    _bad_framing("CL absurd", _CL + b"9" * 400 + b"\r\n", b"abc"),
    _bad_framing("CL space before colon", b"Content-Length : 3\r\n", b"abc"),
    _bad_framing("CL tab before colon", b"Content-Length\t: 3\r\n", b"abc"),
    _bad_framing("CL with form feed", b"Content-Length:\x0c3\r\n", b"abc"),
    _bad_framing("CL with vertical tab", b"Content-Length: 3\x0b\r\n", b"abc"),
    _bad_framing("CL with Arabic digit", _CL + "٣".encode() + b"\r\n", b"abc"),
    _bad_framing("CL folded", b"Content-Length:\r\n 3\r\n", b"abc"),
    _bad_framing("CL in lower and upper", b"content-length: 3\r\nCONTENT-LENGTH: 0\r\n", b"abc"),
    _bad_framing("CL then CL with space", _CL + b"0\r\nContent-Length : 3\r\n", b"abc"),
    _bad_framing("TE xchunked", _TE + b"xchunked\r\n", _C0),
    _bad_framing("TE chunked twice", (_TE + b"chunked\r\n") * 2, _C0),
    _bad_framing("TE chunked then identity", _TE + b"chunked\r\n" + _TE + b"identity\r\n", _C0),
    _bad_framing("TE identity", _TE + b"identity\r\n", _C0),
    _bad_framing("TE identity, chunked", _TE + b"identity, chunked\r\n", _C0),
    _bad_framing("TE gzip, chunked", _TE + b"gzip, chunked\r\n", _C0),
    _bad_framing("TE chunked, gzip", _TE + b"chunked, gzip\r\n", _C0),
    _bad_framing("TE gzip", _TE + b"gzip\r\n", _C0),
    _bad_framing("TE chunked with comma", _TE + b"chunked,\r\n", _C0),
    _bad_framing("TE comma chunked", _TE + b", chunked\r\n", _C0),
    _bad_framing("TE quoted", _TE + b'"chunked"\r\n', _C0),
    _bad_framing("TE with parameter", _TE + b"chunked;q=1\r\n", _C0),
    _bad_framing("TE empty", b"Transfer-Encoding:\r\n", _C0),
    _bad_framing("TE space before colon", b"Transfer-Encoding : chunked\r\n", _C0),
    _bad_framing("TE folded", b"Transfer-Encoding:\r\n chunked\r\n", _C0),
    _bad_framing("TE with vertical tab", b"Transfer-Encoding: \x0bchunked\r\n", _C0),
    _bad_framing("TE with NUL", b"Transfer-Encoding: chunked\x00\r\n", _C0),
    _bad_framing("TE after a bare LF", b"X: x\nTransfer-Encoding: chunked\r\n", _C0),
    _bad_framing("TE after a bare CR", b"X: x\rTransfer-Encoding: chunked\r\n", _C0),
    _bad_framing("TE behind a space", b" Transfer-Encoding: chunked\r\n", _C0),
    _post("a name that begins like TE", _POST + b"Transfer-Encoding-X: chunked\r\n\r\n", b""),
    _post("a name that ends like CL", _POST + b"X-Content-Length: 9\r\n\r\n", b""),
    _refused("TE in HTTP/1.0", b"POST /p HTTP/1.0\r\nHost: a\r\n" + _TE + b"chunked\r\n\r\n" + _C0),
    _post("a length", _POST + _CL + b"3\r\n\r\nabc", b"abc"),
    _post("a length without space", _POST + b"Content-Length:3\r\n\r\nabc", b"abc"),
    _post("a length with blanks", _POST + b"Content-Length: \t3 \t\r\n\r\nabc", b"abc"),
    _post("a length with zeros", _POST + _CL + b"0003\r\n\r\nabc", b"abc"),
    _post("a length of zero", _POST + _CL + b"0\r\n\r\n", b""),
    _post("no length", _POST + b"\r\n", b""),
    _post("a body like a request", _POST + _CL + b"31\r\n\r\n" + _EVIL, _EVIL),
    _post("chunked in capitals", _POST + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n" + _C0, b""),
    _post("chunked with blanks", _POST + b"Transfer-Encoding:\tchunked \r\n\r\n" + _C0, b""),
]

CHUNKS = [
    _refused(
        "a bad size from who waits for a word",
        _CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n") + b"zz\r\n",
    ),
    _post("one chunk", _CHUNKED + b"3\r\nabc\r\n" + _C0, b"abc"),
    _post("two chunks", _CHUNKED + b"1\r\na\r\n2\r\nbc\r\n" + _C0, b"abc"),
    _post(
        "capital and small size",
        _CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n" + _C0,
        b"0123456789" * 2,
    ),
    _post("size with zeros", _CHUNKED + b"0003\r\nabc\r\n000\r\n\r\n", b"abc"),
    _post("an extension", _CHUNKED + b"3;a=b\r\nabc\r\n" + _C0, b"abc"),
    _post("a quoted extension", _CHUNKED + b'3;a="b c"\r\nabc\r\n' + _C0, b"abc"),
    _post("a trailer", _CHUNKED + b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", b"abc"),
    _post("a body of line ends", _CHUNKED + b"4\r\n\r\n\r\n\r\n" + _C0, b"\r\n\r\n"),
    _post("a chunk like a request", _CHUNKED + b"1f\r\n" + _EVIL + b"\r\n" + _C0, _EVIL),
    _bad_chunks("size not a number", b"x\r\nabc\r\n" + _C0),
    _bad_chunks("size empty", b"\r\nabc\r\n" + _C0),
    _bad_chunks("size with 0x", b"0x3\r\nabc\r\n" + _C0),
    _bad_chunks("size with plus", b"+3\r\nabc\r\n" + _C0),
    _bad_chunks("size negative", b"-3\r\nabc\r\n" + _C0),
    _bad_chunks("size with space before", b" 3\r\nabc\r\n" + _C0),
    _bad_chunks("size with space behind", b"3 \r\nabc\r\n" + _C0),
    _bad_chunks("size with tab", b"3\t\r\nabc\r\n" + _C0),
    _bad_chunks("size with underscore", b"0_3\r\nabc\r\n" + _C0),
    _bad_chunks("size beyond 64 bits", b"10000000000000003\r\nabc\r\n" + _C0),
    _bad_chunks("size of a hundred digits", b"0" * 99 + b"3\r\nabc\r\n" + _C0),
    _bad_chunks("size ends in bare LF", b"3\nabc\r\n" + _C0),
    _bad_chunks("size ends in bare CR", b"3\rabc\r\n" + _C0),
    _bad_chunks("size ends in CR CR LF", b"3\r\r\nabc\r\n" + _C0),
    _bad_chunks("data ends in bare LF", b"3\r\nabc\n" + _C0),
    _bad_chunks("data ends in two letters", b"3\r\nabcXX" + _C0),
    _bad_chunks("data longer than its size", b"3\r\nabcd\r\n" + _C0),
    _bad_chunks("data shorter than its size", b"5\r\nabc\r\n" + _C0),
    _bad_chunks("data without line end", b"3\r\nabc" + _C0),
    _bad_chunks("extension with bare LF", b"3;a\nb\r\nabc\r\n" + _C0),
    _bad_chunks("extension with bare CR", b"3;a\rb\r\nabc\r\n" + _C0),
    _bad_chunks("extension with NUL", b"3;a\0b\r\nabc\r\n" + _C0),
    _bad_chunks("extension without end", b"3;" + b"a" * 5000),
    _bad_chunks("last chunk ends in bare LF", b"3\r\nabc\r\n0\n\r\n"),
    _bad_chunks("trailer ends in bare LF", b"3\r\nabc\r\n0\r\nA: b\n\r\n"),
    _bad_chunks("trailer without colon", b"3\r\nabc\r\n0\r\nabc\r\n\r\n"),
    _bad_chunks("trailer with NUL", b"3\r\nabc\r\n0\r\nA: \0\r\n\r\n"),
    _bad_chunks("trailer folded", b"3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n"),
    _bad_chunks("trailer too long", b"0\r\n" + b"A: " + b"b" * 9000 + b"\r\n\r\n"),
    _bad_chunks("many trailers", b"0\r\n" + b"A: bbbbbbbb\r\n" * 900 + b"\r\n"),
]

HEADERS = [
    _bad_header("folded with space", b"A: b\r\n c\r\n"),
    _bad_header("folded with tab", b"A: b\r\n\tc\r\n"),
    _refused("first header folded", b"GET /g HTTP/1.1\r\n A: b\r\n" + H + b"\r\n"),
    _bad_header("bare LF", b"A: b\nC: d\r\n"),
    _bad_header("bare CR", b"A: b\rC: d\r\n"),
    _bad_header("CR CR LF", b"A: b\r\r\n"),
    _bad_header("space before colon", b"A : b\r\n"),
    _bad_header("tab before colon", b"A\t: b\r\n"),
    _bad_header("no name", b": b\r\n"),
    _bad_header("no colon", b"abc\r\n"),
    _bad_header("space in a name", b"A B: c\r\n"),
    _bad_header("parenthesis in a name", b"A(: c\r\n"),
    _bad_header("name beyond ASCII", "Ä: c\r\n".encode()),
    _bad_header("NUL in a name", b"A\0: c\r\n"),
    _bad_header("NUL in a value", b"A: b\0c\r\n"),
    _bad_header("escape in a value", b"A: \x1b[31m\r\n"),
    _bad_header("backspace in a value", b"A: b\x08\r\n"),
    _bad_header("delete in a value", b"A: b\x7f\r\n"),
    _refused("only bare LF", b"GET /g HTTP/1.1\nHost: a\n\n"),
    _refused("the end in bare LF", b"GET /g HTTP/1.1\r\nHost: a\r\n\n"),
    _refused(
        "200 kB of headers", b"GET /g HTTP/1.1\r\n" + H + b"A: " + b"b" * 200_000 + b"\r\n\r\n", 431
    ),
    _refused(
        "200 kB in many headers", b"GET /g HTTP/1.1\r\n" + H + b"A: bbbbbbbb\r\n" * 15_000, 431
    ),
    _refused("101 headers", b"GET /g HTTP/1.1\r\n" + H + b"A: b\r\n" * 100 + b"\r\n", 431),
    _get("100 headers", b"A: b\r\n" * 99),
    _get("60 kB of headers", b"A: " + b"b" * 60_000 + b"\r\n"),
    _get("an empty value", b"A:\r\n"),
    _get("a value beyond ASCII", "A: ä\r\n".encode()),
    _get("a value with tab", b"A: b\tc\r\n"),
    _get(
        "an upgrade to h2c is ignored",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    ),
    _get(
        "an upgrade to WebSocket is ignored",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    ),
    _post(
        "an upgrade with a body",
        _POST + b"Connection: upgrade\r\nUPGRADE: h2c\r\n" + _CL + b"3\r\n\r\nabc",
        b"abc",
    ),
    _post(
        "an upgrade with chunks",
        _POST
        + b"Connection: upgrade\r\nUpgrade: h2c\r\n"
        + _TE
        + b"chunked\r\n\r\n3\r\nabc\r\n"
        + _C0,
        b"abc",
    ),
]

HOSTS = [
    _refused("no Host", b"GET /g HTTP/1.1\r\nA: b\r\n\r\n"),
    _refused("two Hosts", b"GET /g HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    _refused("the same Host twice", b"GET /g HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n"),
    _refused("two Hosts in HTTP/1.0", b"GET /g HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
    _refused("Host with space before colon", b"GET /g HTTP/1.1\r\nHost : a\r\n\r\n"),
    _bad_host("Host empty", b""),
    _bad_host("Host with path", b"a/../b?"),
    _bad_host("Host with user", b"user@a"),
    _bad_host("Host with scheme", b"http://a"),
    _bad_host("Host with two names", b"a b"),
    _bad_host("Host as a list", b"a, b"),
    _bad_host("Host with fragment", b"a#b"),
    _bad_host("Host with word as port", b"a:http"),
    _bad_host("Host with two ports", b"a:1:2"),
    _bad_host("Host with long port", b"a:123456"),
    _bad_host("Host with percent", b"a%00b"),
    _bad_host("Host beyond ASCII", "ä".encode()),
    _bad_host("Host with open bracket", b"[::1"),
    _bad_host("Host with backslash", b"a\\b"),
    _good_host("Host with port", b"a.example:8080"),
    _good_host("Host as IPv4", b"127.0.0.1:80"),
    _good_host("Host as IPv6", b"[::1]:80"),
    _good_host("Host in capitals", b"A.EXAMPLE"),
    _good_host("Host with underscore", b"head_gate"),
]

LINES = [
    _bad_line("absolute form", b"GET http://a/g HTTP/1.1"),
    _bad_line("absolute form https", b"GET https://a/g HTTP/1.1"),
    _bad_line("authority form", b"GET a:80 HTTP/1.1"),
    _bad_line("asterisk form", b"OPTIONS * HTTP/1.1"),
    _bad_line("relative target", b"GET g HTTP/1.1"),
    _bad_line("no target", b"GET  HTTP/1.1"),
    _bad_line("CONNECT", b"CONNECT a:443 HTTP/1.1"),
    _bad_line("CONNECT to a path", b"CONNECT /g HTTP/1.1"),
    _bad_line("TRACE", b"TRACE /g HTTP/1.1"),
    _bad_line("unknown method", b"FOO /g HTTP/1.1"),
    _bad_line("a method of other protocols", b"SOURCE /g HTTP/1.1"),
    _bad_line("method in small letters", b"get /g HTTP/1.1"),
    _bad_line("method with space before", b" GET /g HTTP/1.1"),
    _bad_line("two spaces", b"GET  /g HTTP/1.1"),
    _bad_line("two spaces before the version", b"GET /g  HTTP/1.1"),
    _bad_line("a tab", b"GET\t/g HTTP/1.1"),
    _bad_line("a tab before the version", b"GET /g\tHTTP/1.1"),
    _bad_line("space in the target", b"GET /g h HTTP/1.1"),
    _bad_line("space at the end", b"GET /g HTTP/1.1 "),
    _bad_line("NUL in the target", b"GET /g\0 HTTP/1.1"),
    _bad_line("control in the target", b"GET /g\x01 HTTP/1.1"),
    _bad_line("target beyond ASCII", "GET /ä HTTP/1.1".encode()),
    _bad_line("fragment", b"GET /g#h HTTP/1.1"),
    _bad_line("backslash", b"GET /g\\..\\h HTTP/1.1"),
    _bad_line("quote", b'GET /g"h HTTP/1.1'),
    _bad_line("angle bracket", b"GET /g<h> HTTP/1.1"),
    _refused("HTTP/0.9", b"GET /g\r\n"),
    _refused("HTTP/0.9 with headers", b"GET /g\r\nHost: a\r\n\r\n"),
    _bad_line("HTTP/0.9 in words", b"GET /g HTTP/0.9"),
    _bad_line("HTTP/1.2", b"GET /g HTTP/1.2"),
    _bad_line("HTTP/2.0", b"GET /g HTTP/2.0"),
    _bad_line("HTTP/3", b"GET /g HTTP/3"),
    _bad_line("HTTP/11", b"GET /g HTTP/11"),
    _bad_line("HTTP/1.10", b"GET /g HTTP/1.10"),
    _bad_line("HTTP/01.1", b"GET /g HTTP/01.1"),
    _bad_line("version in small letters", b"GET /g http/1.1"),
    _bad_line("another protocol", b"GET /g ICE/1.0"),
    _bad_line("RTSP", b"GET /g RTSP/1.0"),
    _refused("the HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _refused("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 32),
    _refused("an SSH hello", b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    _refused("two empty lines first", b"\r\n\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n"),
    _refused("a request line of 9 kB", _head(b"GET /" + b"g" * 9000 + b" HTTP/1.1"), 414),
    _refused("a request line without end", b"GET /" + b"g" * 9000, 414),
    _refused("an endless method", b"G" * 9000, 414),
    Case(
        "an empty line first",
        b"\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        seen=(("GET", b"/g", b""),),
    ),
    _get("a target of 8 kB", path=b"/" + b"g" * 8000),
]

PATHS = [
    _get(f"path {path.decode()}", path=path)
    for path in (
        b"/", b"//v1/models", b"/v1//models", b"/v1/../admin", b"/..%2fadmin", b"/%2e%2e/admin",
        b"/v1%2fmodels", b"/v1/models;admin", b"/V1/MODELS", b"/v1/models/", b"/./v1", b"/a%00b",
        b"/%zz", b"/g?a=b&c=d", b"/g?http://x", b"/g??a", b"/@evil.example", b"/http://evil/",
        b"/g?a=[1]", b"/~a", b"/g?a={b}|c", b"/*", b"//evil.example/%2f..",
    )
]  # fmt: skip

_ONE = b"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
_GET_SEEN: Seen = ("GET", b"/g", b"")

CONNECTIONS = [
    Case("two in a row", _ONE * 2, seen=(_GET_SEEN,) * 2),
    Case("nine in a row", _ONE * 9, seen=(_GET_SEEN,) * 9),
    Case(
        "five with bodies", (_POST + _CL + b"3\r\n\r\nabc") * 5, seen=(("POST", b"/p", b"abc"),) * 5
    ),
    Case(
        "five chunked", (_CHUNKED + b"3\r\nabc\r\n" + _C0) * 5, seen=(("POST", b"/p", b"abc"),) * 5
    ),
    Case(
        "chunked, then a length, then none",
        _CHUNKED + b"3\r\nabc\r\n" + _C0 + _POST + _CL + b"2\r\n\r\nde" + _ONE,
        seen=(("POST", b"/p", b"abc"), ("POST", b"/p", b"de"), _GET_SEEN),
    ),
    Case(
        "a bad one after a good one",
        _ONE + b"GET /g HTTP/9.9\r\nHost: a\r\n\r\n",
        seen=(_GET_SEEN,),
        refused=400,
    ),
    Case(
        "a bad one after six good ones",
        _ONE * 6 + b"nonsense\r\n\r\n",
        seen=(_GET_SEEN,) * 6,
        refused=400,
    ),
    Case(
        "a broken body after a good one", _ONE + _CHUNKED + b"x\r\n", seen=(_GET_SEEN,), refused=400
    ),
    Case(
        "a body longer than its length",
        _POST + _CL + b"3\r\n\r\nabcd",
        refused=400,
        seen=(("POST", b"/p", b"abc"),),
    ),
    Case(
        "Connection: close",
        b"GET /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        seen=(_GET_SEEN,),
        last=True,
    ),
    Case(
        "Connection: close in a list",
        b"GET /g HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n",
        seen=(_GET_SEEN,),
        last=True,
    ),
    Case(
        "close, then nonsense",
        b"GET /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nnonsense\r\n\r\n",
        seen=(_GET_SEEN,),
        last=True,
    ),
    Case("HTTP/1.0", b"GET /g HTTP/1.0\r\nHost: a\r\n\r\n", seen=(_GET_SEEN,), last=True),
    Case("HTTP/1.0 without Host", b"GET /g HTTP/1.0\r\n\r\n", seen=(_GET_SEEN,), last=True),
    Case(
        "HTTP/1.0 keep-alive",
        b"GET /g HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        seen=(_GET_SEEN,),
        last=True,
    ),
    Case(
        "HTTP/1.0 with a body",
        b"POST /p HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        seen=(("POST", b"/p", b"abc"),),
        last=True,
    ),
    _post(
        "Expect with the body", _POST + b"Expect: 100-continue\r\n" + _CL + b"3\r\n\r\nabc", b"abc"
    ),
    _post("another Expect", _POST + b"Expect: tea\r\n" + _CL + b"3\r\n\r\nabc", b"abc"),
    Case(
        "HEAD",
        b"HEAD /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        seen=(("HEAD", b"/g", b""),),
        last=True,
    ),
    Case("OPTIONS", b"OPTIONS /g HTTP/1.1\r\nHost: a\r\n\r\n", seen=(("OPTIONS", b"/g", b""),)),
    Case("PUT", b"PUT /g HTTP/1.1\r\nHost: a\r\n\r\n", seen=(("PUT", b"/g", b""),)),
    Case(
        "DELETE with a body",
        b"DELETE /g HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        seen=(("DELETE", b"/g", b"abc"),),
    ),
    Case(
        "GET with a body",
        b"GET /g HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        seen=(("GET", b"/g", b"abc"),),
    ),
]

CORPUS = [*FRAMING, *CHUNKS, *HEADERS, *HOSTS, *LINES, *PATHS, *CONNECTIONS]
