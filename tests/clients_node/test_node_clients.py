"""The official clients and the Vercel AI SDK on Node, through a gateway to every dialect."""

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.answers import BACKENDS
from tests.clients.driver import Driver, check_conversation, check_cut

pytestmark = pytest.mark.timeout(900)

CLIENTS = (
    "openai chat",
    "openai responses",
    "anthropic",
    "ai-sdk openai",
    "ai-sdk openai chat",
    "ai-sdk anthropic",
    "ai-sdk openai-compatible",
)

THOUGHTLESS = frozenset({"ai-sdk openai chat"})
"""Clients that read no thoughts."""

every_client = pytest.mark.parametrize("client", CLIENTS)
every_backend = pytest.mark.parametrize("backend", BACKENDS)


@every_client
@every_backend
def test_a_conversation_with_tools_streams(
    driver: Driver, gateway: Gateway, upstream: ScriptedUpstream, client: str, backend: str
) -> None:
    upstream.reset()
    check_conversation(driver, client, gateway, upstream, backend, client not in THOUGHTLESS)


@every_client
@every_backend
def test_a_cut_stream_is_an_error(
    driver: Driver, gateway: Gateway, upstream: ScriptedUpstream, client: str, backend: str
) -> None:
    check_cut(driver, client, gateway, upstream, backend)
