"""The fixtures that pytest finds where headgate is installed."""

from collections.abc import Callable, Generator, Iterator, Mapping

import pytest

from headgate.testing.gateway import Config, Gateway
from headgate.testing.upstream import ScriptedUpstream

GATEWAYS: pytest.StashKey[list[Gateway]] = pytest.StashKey()
"""The gateways that a test made."""


@pytest.fixture
def scripted_upstream() -> Iterator[ScriptedUpstream]:
    """A backend that does what the test tells it (see docs/mock.md); echoes until then."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture
def headgate_gateway(request: pytest.FixtureRequest) -> Iterator[Callable[..., Gateway]]:
    """Makes gateways: ``headgate_gateway(config, env=…)``; all stop when the test ends.

    Where the test fails, their logs stand in its report.
    """
    gateways: list[Gateway] = request.node.stash.setdefault(GATEWAYS, [])

    def make(
        config: Config | None = None,
        *,
        env: Mapping[str, str] | None = None,
        ready_timeout_s: float = 30.0,
    ) -> Gateway:
        gateway = Gateway(config, env=env, ready_timeout_s=ready_timeout_s)
        gateways.append(gateway)
        return gateway

    yield make
    for gateway in gateways:
        gateway.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the gateways' logs to the report of a test that failed."""
    report = yield
    if report.failed:
        for gateway in item.stash.get(GATEWAYS, []):
            report.sections.append((f"gateway log ({gateway.url})", gateway.log))
    return report
