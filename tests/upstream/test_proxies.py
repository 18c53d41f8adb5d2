import pytest

from headgate.upstream.address import read_address
from headgate.upstream.proxies import Proxies, Proxy, ProxyUnfit

P = "http://proxy.test:3128"


def _asked(environment: dict[str, str], url: str) -> Proxy | None:
    return Proxies(environment).proxy_for(read_address(url))


def test_each_scheme_has_its_own_proxy_and_all_stands_for_the_rest() -> None:
    environment = {"HTTPS_PROXY": P, "http_proxy": "http://other.test"}
    assert _asked(environment, "https://a.test/") == Proxy("http", "proxy.test", 3128)
    assert _asked(environment, "http://a.test/") == Proxy("http", "other.test", 80)
    assert _asked({"ALL_PROXY": P}, "http://a.test/") == Proxy("http", "proxy.test", 3128)
    assert _asked({}, "http://a.test/") is None


def test_the_lower_case_name_is_heard_first() -> None:
    environment = {"https_proxy": "http://low.test", "HTTPS_PROXY": P}
    proxy = _asked(environment, "https://a.test/")
    assert proxy is not None
    assert proxy.host == "low.test"


def test_a_callers_header_cannot_name_the_proxy_under_a_web_server() -> None:
    assert _asked({"HTTP_PROXY": P, "REQUEST_METHOD": "GET"}, "http://a.test/") is None


@pytest.mark.parametrize(
    ("excepted", "url", "direct"),
    [
        ("*", "https://a.test/", True),
        ("a.test", "https://a.test/", True),
        ("a.test", "https://b.a.test/", True),
        (".a.test", "https://b.a.test/", True),
        ("*.a.test", "https://b.a.test/", True),
        ("A.Test", "https://a.test/", True),
        ("a.test", "https://aa.test/", False),
        ("x.test, a.test ,", "https://a.test/", True),
        ("a.test:443", "https://a.test/", True),
        ("a.test:444", "https://a.test/", False),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.0.0.0/8", "https://a.test/", False),
        ("not/a/network", "https://a.test/", False),
        ("127.0.0.1", "https://127.0.0.1:9/", True),
        ("::1", "https://[::1]/", True),
        ("[::1]:443", "https://[::1]/", True),
        ("fd00::/8", "https://[fd00::5]/", True),
        ("", "https://a.test/", False),
        (".", "https://a.test/", False),
    ],
)
def test_hosts_that_are_excepted_are_called_directly(excepted: str, url: str, direct: bool) -> None:
    proxy = _asked({"https_proxy": P, "no_proxy": excepted}, url)
    assert (proxy is None) is direct


def test_a_proxys_credentials_are_sent_to_it() -> None:
    proxy = _asked({"https_proxy": "http://me:p%40ss@proxy.test:1"}, "https://a.test/")
    assert proxy == Proxy("http", "proxy.test", 1, "Basic bWU6cEBzcw==")


def test_a_proxy_without_a_scheme_is_an_http_proxy() -> None:
    assert _asked({"https_proxy": "p.test:8"}, "https://a.test/") == Proxy("http", "p.test", 8)


@pytest.mark.parametrize("named", ["socks5://p.test:1", "http://", "http://p.test:x"])
def test_what_is_no_http_proxy_is_told(named: str) -> None:
    with pytest.raises(ProxyUnfit, match="proxy of the environment"):
        _asked({"https_proxy": named}, "https://a.test/")
