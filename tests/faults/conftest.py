"""One scripted upstream and one gateway for each module of this folder."""

from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    """The backend of the module's gateway."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(autouse=True)
def _fresh(upstream: ScriptedUpstream) -> None:
    upstream.reset()


@pytest.fixture(scope="module")
def log(gateway: Gateway) -> Iterator[Expected]:
    """What the module's rows must say, looked up when its tests are over: rows come in batches,
    and to wait for each of hundreds takes minutes."""
    expected = Expected()
    yield expected
    expected.check(gateway)
