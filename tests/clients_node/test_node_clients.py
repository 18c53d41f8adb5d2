"""The official clients and the Vercel AI SDK on Node, through a gateway to every dialect."""

import pytest

from tests.clients.conversing import (
    test_a_conversation_with_tools_streams,
    test_a_cut_stream_is_an_error,
)

__all__ = ["test_a_conversation_with_tools_streams", "test_a_cut_stream_is_an_error"]
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


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """The client that is asked."""
    name: str = request.param
    return name


@pytest.fixture
def thoughtless() -> frozenset[str]:
    """Clients that read no thoughts."""
    return frozenset({"ai-sdk openai chat"})
