"""pydantic-ai, LangChain and the LiteLLM SDK through a gateway to every dialect."""

import pytest

from tests.clients.conversing import (
    test_a_conversation_with_tools_streams,
    test_a_cut_stream_is_an_error,
)

__all__ = ["test_a_conversation_with_tools_streams", "test_a_cut_stream_is_an_error"]
pytestmark = pytest.mark.timeout(900)

CLIENTS = (
    "pydantic-ai openai chat",
    "pydantic-ai openai responses",
    "pydantic-ai anthropic",
    "langchain openai chat",
    "langchain openai responses",
    "langchain anthropic",
    "litellm openai",
    "litellm anthropic",
)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """The client that is asked."""
    name: str = request.param
    return name


@pytest.fixture
def thoughtless() -> frozenset[str]:
    """Clients that read no thoughts."""
    return frozenset({"langchain openai chat"})
