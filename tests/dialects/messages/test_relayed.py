from headgate.dialects.destination import Destination, Quirks
from headgate.dialects.messages.relayed import relay_headers

VERSION = ("anthropic-version", "2026-10-21")
BETA = ("anthropic-beta", "a,b")
OTHER = ("x-client-request-id", "1")


def _to(**quirks: object) -> Destination:
    return Destination(model="m", vendor="anthropic", quirks=Quirks(**quirks))  # type: ignore[arg-type]


def test_what_the_caller_says_passes_as_it_is() -> None:
    assert relay_headers((VERSION, BETA, OTHER), _to()) == (VERSION, BETA, OTHER)


def test_who_says_no_version_gets_the_oldest() -> None:
    assert relay_headers((OTHER,), _to()) == (("anthropic-version", "2023-06-01"), OTHER)


def test_t60_a_host_that_refuses_betas_gets_none() -> None:
    assert relay_headers((VERSION, BETA), _to(refuses_betas=True)) == (VERSION,)


def test_a_host_with_the_version_in_the_body_gets_none_in_the_headers() -> None:
    assert relay_headers((VERSION, OTHER), _to(body_version="bedrock-2023-05-31")) == (OTHER,)
