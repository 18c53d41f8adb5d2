import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.backends.base_url import host_of, is_versioned, normalise, path_of


@pytest.mark.parametrize(
    "url",
    [
        "https://host",
        "https://host/",
        "https://host/v1",
        "https://host/v1/",
        "https://host//",
        "https://host/v1beta/",
        "https://host/v1/chat/completions",
        "https://host/v1/messages",
        "https://host/v1/embeddings",
        "https://host/v1/rerank/",
    ],
)
def test_with_or_without_a_version_the_address_is_the_same(url: str) -> None:
    assert normalise(url) == "https://host"


@pytest.mark.parametrize(
    "url", ["https://host/api/paas/v4", "https://host/v1/projects/p", "http://host:80/openai"]
)
def test_other_addresses_stay(url: str) -> None:
    assert normalise(url) == url


@given(st.text(alphabet="/v1beta", max_size=12))
def test_normalising_is_done_once(path: str) -> None:
    once = normalise("https://host" + path)
    assert not once.endswith("/")
    if not once.endswith(("/v1", "/v1beta")):
        assert normalise(once) == once


def test_parts_of_an_address() -> None:
    assert host_of("https://API.openai.com:443/x") == "api.openai.com:443"
    assert (path_of("https://h/a/b"), path_of("https://h"), path_of("")) == ("/a/b", "", "")


def test_an_own_version_is_seen() -> None:
    assert is_versioned("https://host/api/v3")
    assert not is_versioned("https://host/v3x")
    assert not is_versioned("https://host")
