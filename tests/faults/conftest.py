"""One scripted upstream and one gateway for each module of this folder."""

from collections.abc import Iterator

import pytest

from headgate.testing import ScriptedUpstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    """The backend of the module's gateway."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(autouse=True)
def _fresh(upstream: ScriptedUpstream) -> None:
    upstream.reset()
