import pytest

from headgate.backends.backend import Backend, Detour, address, credentials
from headgate.config.section import AuthStyle

PLAIN = Backend(name="a", base_url="https://host/base", vendor="a")


def test_a_path_is_appended() -> None:
    assert address(PLAIN, "/v1/models?limit=5") == "https://host/base/v1/models?limit=5"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/v1/models", "https://host/v4/models"),
        ("/v1/messages", "https://host/claude"),
        ("/v1/messages/count_tokens", "https://host/claude/count_tokens"),
        ("/v1/models?a=1", "https://host/v4/models?a=1"),
        ("/other", "https://host/other"),
    ],
)
def test_the_most_exact_detour_counts(path: str, url: str) -> None:
    everywhere, below = Detour("/v4/", "/v4/"), Detour("/claude/", "/claude/")
    one = Detour("/claude", "/claude")
    paths = {"/v1/": everywhere, "/v1/messages/": below, "/v1/messages": one}
    assert address(Backend(name="a", base_url="https://host", vendor="a", paths=paths), path) == url


def test_a_detour_may_name_the_model_and_differ_for_streams() -> None:
    detour = Detour("/m/{model}:raw?v=1", "/m/{model}:stream")
    backend = Backend(name="a", base_url="https://h", vendor="a", paths={"/v1/messages": detour})
    assert address(backend, "/v1/messages", "a/b c@1") == "https://h/m/a%2Fb%20c@1:raw?v=1"
    assert address(backend, "/v1/messages", "m", stream=True) == "https://h/m/m:stream"
    assert address(backend, "/v1/messages?x=2", "m") == "https://h/m/m:raw?v=1&x=2"


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        ("bearer", (("authorization", "Bearer sk-1"),)),
        ("x-api-key", (("x-api-key", "sk-1"),)),
        ("x-goog-api-key", (("x-goog-api-key", "sk-1"),)),
        ("api-key", (("api-key", "sk-1"),)),
        ("none", ()),
    ],
)
def test_the_credential_travels_as_the_backend_wants(
    auth: AuthStyle, headers: tuple[tuple[str, str], ...]
) -> None:
    backend = Backend(name="a", base_url="https://h", vendor="a", auth=auth, api_key="sk-1")
    assert credentials(backend) == headers


def test_without_a_key_there_is_no_credential() -> None:
    assert credentials(PLAIN) == ()


def test_secrets_show_in_no_repr() -> None:
    backend = Backend(
        name="a", base_url="https://h", vendor="a", api_key="sk-1", headers=(("x-key", "sk-2"),)
    )
    assert "sk-" not in repr(backend)
    assert "name='a'" in repr(backend)
