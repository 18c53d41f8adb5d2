from headgate.agents import Agent
from tests.agents.driver import Pal


def test_whatever_has_the_one_method_is_an_agent() -> None:
    agent: Agent = Pal("Hello")
    assert callable(agent.process_direct)
