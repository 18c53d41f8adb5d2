"""What every client in a program of its own is asked for: a module that takes these tests has a
fixture `driver`, `client` the name of one, and `thoughtless` the names of those that read no
thoughts."""

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.answers import BACKENDS
from tests.clients.driver import Driver, check_conversation, check_cut

every_backend = pytest.mark.parametrize("backend", BACKENDS)


@every_backend
def test_a_conversation_with_tools_streams(
    driver: Driver,
    gateway: Gateway,
    upstream: ScriptedUpstream,
    client: str,
    backend: str,
    thoughtless: frozenset[str],
) -> None:
    upstream.reset()
    check_conversation(driver, client, gateway, upstream, backend, client not in thoughtless)


@every_backend
def test_a_cut_stream_is_an_error(
    driver: Driver, gateway: Gateway, upstream: ScriptedUpstream, client: str, backend: str
) -> None:
    check_cut(driver, client, gateway, upstream, backend)
