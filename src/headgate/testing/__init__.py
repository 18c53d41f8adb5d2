"""For tests of users' own clients: the scripted upstream, a real gateway, pytest fixtures."""

from headgate.testing.gateway import Gateway, GatewayFailed
from headgate.testing.upstream import ScriptedUpstream

__all__ = ["Gateway", "GatewayFailed", "ScriptedUpstream"]
