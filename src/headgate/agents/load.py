"""An agent by its dotted name: ``package.module:factory``."""

import importlib
from typing import Any

from headgate.agents.agent import Agent
from headgate.agents.app import create_app
from headgate.agents.interface import App


class AgentNotLoaded(ValueError):  # noqa: N818 - named for the fact
    """There is no agent under the name; the message says why in one sentence."""


def load_agent(dotted: str) -> Agent:
    """The agent that the factory makes; an object that is an agent itself is taken as it is.

    The factory is called without arguments. Raises AgentNotLoaded.
    """
    module_name, colon, attribute = dotted.partition(":")
    if not (colon and module_name and attribute):
        raise AgentNotLoaded(f"The agent {dotted!r} must be written package.module:factory.")
    found = _attribute(dotted, _module(dotted, module_name), attribute)
    agent = found if _is_agent(found) else _make(dotted, found)
    if not _is_agent(agent):
        raise AgentNotLoaded(
            f"What {dotted!r} makes ({type(agent).__name__}) is no agent: it has no method"
            " process_direct."
        )
    made: Agent = agent
    return made


def agent_app(dotted: str, model_name: str, timeout: float | None = None) -> App:
    """The agent as an application inside the gateway, which guards it: no key, and no time-out
    but the backend's own. Raises AgentNotLoaded."""
    return create_app(load_agent(dotted), model_name=model_name, timeout=timeout)


def _module(dotted: str, name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        raise AgentNotLoaded(
            f"The agent {dotted!r} cannot be loaded: there is no module {missing!r}."
        ) from error
    except Exception as error:  # another's code: it may raise anything
        raise AgentNotLoaded(_failed(dotted, f"importing {name!r}", error)) from error


def _attribute(dotted: str, module: Any, path: str) -> Any:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            raise AgentNotLoaded(
                f"The agent {dotted!r} cannot be loaded: there is no {name!r} in"
                f" {getattr(found, '__name__', path)!r}."
            )
        found = getattr(found, name)
    return found


def _is_agent(found: Any) -> bool:
    return not isinstance(found, type) and callable(getattr(found, "process_direct", None))


def _make(dotted: str, factory: Any) -> Any:
    if not callable(factory):
        kind = type(factory).__name__
        raise AgentNotLoaded(
            f"The agent {dotted!r} is neither an agent nor a factory but a {kind}."
        )
    try:
        return factory()
    except Exception as error:  # another's code: it may raise anything
        raise AgentNotLoaded(_failed(dotted, "its factory", error)) from error


def _failed(dotted: str, what: str, error: Exception) -> str:
    said = f"{type(error).__name__}: {error}"
    return f"The agent {dotted!r} cannot be loaded: {what} failed with {said[:300]}"
