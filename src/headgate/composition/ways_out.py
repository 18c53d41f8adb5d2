"""Which way out leads to a backend: over HTTP, or to an application in this process."""

import functools
from collections.abc import Callable, Iterable

from headgate.backends.backend import Backend
from headgate.config import ConfigErrors, Problem
from headgate.server.interface import App
from headgate.upstream.answer import Upstream
from headgate.upstream.local import LocalUpstream


class WaysOut:
    """The ways to all backends. An agent is loaded once and kept over reloads, so that its
    sessions survive them; `make_app` is called where the built-in backend is asked."""

    def __init__(self, http: Upstream, built_in: Backend, make_app: Callable[[], App]) -> None:
        self._http = http
        self._built_in = built_in
        self._make_app = make_app
        self._agents: dict[tuple[str, str], LocalUpstream] = {}

    def to(self, backend: Backend) -> Upstream:
        """The way to `backend`, whose agent was opened if it is one."""
        if backend is self._built_in:
            return self._built_in_way
        if backend.agent is None:
            return self._http
        return self._agents[backend.agent, model_of(backend)]

    @functools.cached_property
    def _built_in_way(self) -> LocalUpstream:
        return LocalUpstream(self._make_app())

    def open(self, backends: Iterable[Backend], file: str) -> None:
        """Loads the agents among `backends`, which `file` defines. Raises ConfigErrors."""
        problems: list[Problem] = []
        for backend in backends:
            if backend.agent is None or (backend.agent, model_of(backend)) in self._agents:
                continue
            try:
                way = _load(backend.agent, model_of(backend))
            except ValueError as error:
                where = f"backends.{backend.name}.agent"
                problems.append(Problem(file, None, where, str(error)))
            else:
                self._agents[backend.agent, model_of(backend)] = way
        if problems:
            raise ConfigErrors(problems)


def model_of(backend: Backend) -> str:
    """The name of an agent's one model: the one that is listed, else the backend's own."""
    return backend.models[0] if isinstance(backend.models, tuple) else backend.name


def _load(agent: str, model: str) -> LocalUpstream:
    """Raises AgentNotLoaded, a ValueError."""
    from headgate.agents import agent_app  # noqa: PLC0415 - few have agents

    return LocalUpstream(agent_app(agent, model))
