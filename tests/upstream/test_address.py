import pytest

from headgate.upstream.address import read_address


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("http://a.test", "a.test", 80, "a.test", "/"),
        ("https://a.test/v1/x?y=1&z", "a.test", 443, "a.test", "/v1/x?y=1&z"),
        ("http://a.test:8080/v1", "a.test", 8080, "a.test:8080", "/v1"),
        ("https://a.test:443/", "a.test", 443, "a.test", "/"),
        ("http://A.Test/Path", "a.test", 80, "a.test", "/Path"),
        ("http://[::1]:9/x", "::1", 9, "[::1]:9", "/x"),
        ("http://127.0.0.1:1", "127.0.0.1", 1, "127.0.0.1:1", "/"),
        (
            "http://bücher.test/ü?ü",
            "xn--bcher-kva.test",
            80,
            "xn--bcher-kva.test",
            "/%C3%BC?%C3%BC",
        ),
        ("http://a.test/a%2Fb%20c", "a.test", 80, "a.test", "/a%2Fb%20c"),
        ("http://a.test/x#fragment", "a.test", 80, "a.test", "/x"),
        ("http://a.test?x", "a.test", 80, "a.test", "/?x"),
    ],
)
def test_a_url_is_read_into_its_parts(
    url: str, host: str, port: int, authority: str, target: str
) -> None:
    address = read_address(url)
    assert (address.host, address.port) == (host, port)
    assert (address.authority, address.target) == (authority, target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.test/v1",
        "ftp://a.test/",
        "http://",
        "http:///x",
        "http://a.test:x/",
        "http://a.test:70000/",
        "http://user:pass@a.test/",
        "http://a.test/x y",
        "http://a.test/x\r\nevil: 1",
        "http://a.test\x00/",
        "http://[::1/",
    ],
)
def test_what_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_address(url)
