"""Coding agents in a terminal, installed and run for real: ``pytest tests/agents_cli --agents``."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients import installing
from tests.faults.serving import backend, model

Serve = Callable[[str, str], Gateway]

KEY = "key-of-the-agent"
PACKAGES = ("@anthropic-ai/claude-code", "@openai/codex")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the option that lets these tests run."""
    about = "install Claude Code and Codex with npm and run them"
    parser.addoption("--agents", action="store_true", default=False, help=about)


@pytest.fixture(scope="session")
def programs(request: pytest.FixtureRequest) -> Path:
    """The folder of the agents' programs."""
    if not request.config.getoption("--agents", default=False):
        pytest.skip("runs real agents: pytest tests/agents_cli --agents")
    return installing.node_packages("agents", PACKAGES) / ".bin"


@pytest.fixture
def home(programs: Path) -> Iterator[Path]:
    """A fresh home with a folder ``work`` in it. Not under /tmp, where Codex makes no helpers."""
    homes = installing.CACHE / "homes"
    homes.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=homes, ignore_cleanup_errors=True) as folder:
        (Path(folder) / "work").mkdir()
        yield Path(folder)


@pytest.fixture
def aside(programs: Path) -> Iterator[ScriptedUpstream]:
    """Answers what an agent asks beside its task (titles, summaries), so that the scripts of the
    task are not used up."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture
def serve(
    programs: Path,
    scripted_upstream: ScriptedUpstream,
    aside: ScriptedUpstream,
    headgate_gateway: Callable[..., Gateway],
) -> Serve:
    """``serve("gemini", "name")``: a gateway whose model of that name is at a backend of that
    dialect, and whose model ``aside`` is elsewhere."""

    def start(dialect: str, name: str) -> Gateway:
        backends = {
            "task": backend(scripted_upstream.url, dialect),
            "aside": backend(aside.url, dialect),
        }
        return headgate_gateway(
            {
                "backends": backends,
                "models": {name: model("task"), "aside": model("aside")},
                "users": [{"name": "agent", "api_key": KEY, "backends": "*"}],
            }
        )

    return start
