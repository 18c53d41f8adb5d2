"""One scripted upstream for each module of this folder."""

from collections.abc import Iterator

import pytest

from headgate.testing import ScriptedUpstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    """The backend of the module's gateways."""
    with ScriptedUpstream() as upstream:
        yield upstream
