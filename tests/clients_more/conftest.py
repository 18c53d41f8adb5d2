"""Libraries that speak to models, installed and run for real: ``pytest tests/clients_more --more``.

They have an environment of their own, since they want other versions of what the tests use.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import installing
from tests.clients.driver import Driver
from tests.clients.fixtures import gateway, upstream

__all__ = ["driver", "gateway", "upstream"]

PACKAGES = (
    "pydantic-ai-slim[openai,anthropic]",
    "langchain-openai",
    "langchain-anthropic",
    "litellm",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the option that lets these tests run."""
    about = "install pydantic-ai, LangChain and LiteLLM with pip and run them"
    parser.addoption("--more", action="store_true", default=False, help=about)


@pytest.fixture(scope="session")
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """The program with all the libraries."""
    if not request.config.getoption("--more", default=False):
        pytest.skip("runs more clients: pytest tests/clients_more --more")
    python = installing.python_with("python", PACKAGES)
    program = Path(__file__).with_name("driver.py")
    # Isolated from the tests' own packages and paths.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "CRITICAL"}
    with Driver([python, "-I", program], python.parent, **quiet) as driver:
        yield driver
