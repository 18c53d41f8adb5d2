"""One scripted upstream and one gateway for each module of this folder."""

from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.raw_backend import closed_port


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    """The backend of the module's gateway."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    """The URL of a port where nobody listens."""
    with closed_port() as url:
        yield url


@pytest.fixture(autouse=True)
def _fresh(upstream: ScriptedUpstream) -> None:
    upstream.reset()


@pytest.fixture(scope="module")
def log(gateway: Gateway) -> Iterator[Expected]:
    """What the module's rows must say, looked up when its tests are over: rows come in batches,
    and to wait for each of hundreds takes minutes."""
    expected = Expected()
    yield expected
    expected.check(gateway.data)
