"""Clients for Node, installed and run for real: ``pytest tests/clients_node --node``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import installing
from tests.clients.driver import Driver
from tests.clients.fixtures import gateway, upstream

__all__ = ["driver", "gateway", "upstream"]

PACKAGES = (
    "openai",
    "@anthropic-ai/sdk",
    "ai",
    "@ai-sdk/openai",
    "@ai-sdk/anthropic",
    "@ai-sdk/openai-compatible",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the option that lets these tests run."""
    about = "install the clients for Node with npm and run them"
    parser.addoption("--node", action="store_true", default=False, help=about)


@pytest.fixture(scope="session")
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """The program with all the clients."""
    if not request.config.getoption("--node", default=False):
        pytest.skip("runs clients for Node: pytest tests/clients_node --node")
    folder = installing.node_packages("node", PACKAGES).parent
    program = Path(__file__).with_name("driver.mjs").read_text("utf-8")
    # Evaluated where the packages are, since modules are looked for from there.
    with Driver(["node", "--input-type=module", "--eval", program], folder) as driver:
        yield driver
