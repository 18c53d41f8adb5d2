"""Any agent behind the three APIs: `create_app` serves it, `load_agent` finds it by its name."""

from headgate.agents.agent import Agent
from headgate.agents.app import create_app
from headgate.agents.load import AgentNotLoaded, agent_app, load_agent
from headgate.agents.media import Media

__all__ = ["Agent", "AgentNotLoaded", "Media", "agent_app", "create_app", "load_agent"]
