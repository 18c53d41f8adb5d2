"""One scripted upstream and one gateway process for each module that speaks through them."""

from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.serving import config
from tests.faults.serving import serving


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    """The backend of the module's gateway."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """The gateway in front of it."""
    with serving(config(upstream.url)) as gateway:
        yield gateway
