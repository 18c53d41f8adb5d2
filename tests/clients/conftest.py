"""Every test of this folder finds an upstream that has nothing to say yet."""

import pytest

from headgate.testing import ScriptedUpstream
from tests.clients.fixtures import gateway, upstream

__all__ = ["gateway", "upstream"]


@pytest.fixture(autouse=True)
def _fresh(upstream: ScriptedUpstream) -> None:
    upstream.reset()
