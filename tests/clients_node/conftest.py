"""Clients for Node, installed and run for real: ``pytest tests/clients_node --node``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients import installing
from tests.clients.driver import Driver
from tests.clients.serving import config
from tests.faults.serving import serving

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


@pytest.fixture(scope="module")
def upstream(driver: Driver) -> Iterator[ScriptedUpstream]:
    """The backend of the module's gateway."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """The gateway in front of it."""
    with serving(config(upstream.url)) as gateway:
        yield gateway
