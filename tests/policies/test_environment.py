import pytest

from headgate.policies.environment import Environment, HttpCall, ModelQuestion
from headgate.policies.hook_flow import Misbehaved
from tests.policies.drive import run


def test_an_environment_without_ports_says_so_when_it_is_asked() -> None:
    environment = Environment()
    with pytest.raises(Misbehaved, match="no way to call out"):
        run(environment.post(HttpCall("http://x", (), b"")))  # type: ignore[arg-type]
    with pytest.raises(Misbehaved, match="no way to ask a model"):
        run(environment.ask_model(ModelQuestion("m", "", "", 1)))  # type: ignore[arg-type]
    assert (environment.clock(), environment.wall()) == (0.0, 0.0)
