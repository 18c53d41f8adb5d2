"""The backends' own model lists: fetched at start and on change, waited for where one is missing.

A list that cannot be had is None: such a backend is asked for names that no other backend lists,
so that a server without a list endpoint, or one that was down at start, still serves.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec

from headgate.backends.backend import Backend, address, credentials
from headgate.backends.models import list_headers, list_path, read_models
from headgate.pipeline.passing import OWN
from headgate.upstream.answer import AnswerBroken, Call, TargetUnreachable, Upstream
from headgate.upstream.inflate import inflated

FETCH_TIMEOUT_S = 10.0
REFETCH_AFTER_S = 30.0
_MOST_BYTES = 8 * 1024 * 1024


class ListState(msgspec.Struct, frozen=True):
    """What is known of a backend's models: None where the list could not be had, and why."""

    models: frozenset[str] | None
    fetched_at: float
    error: str | None = None


class ModelLists:
    """Keeps the list of every active backend. Times are the event loop's, in seconds."""

    def __init__(self, upstream_for: Callable[[Backend], Upstream]) -> None:
        self._upstream_for = upstream_for
        self._backends: Mapping[str, Backend] = {}
        self._states: dict[str, ListState] = {}
        self._fetches: dict[str, tuple[Backend, asyncio.Task[None]]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self.known: Mapping[str, frozenset[str] | None] = {}
        """The models of each active backend, None where its list is not known. Replaced, never
        changed, so that what was reckoned from it holds for as long as it is the same object."""
        self.complete = True
        """Whether every active backend's list is known."""

    def use(self, backends: Mapping[str, Backend]) -> None:
        """From now on these are the backends; lists of new and changed ones that are active are
        fetched."""
        changed = {name for name, b in backends.items() if self._backends.get(name) != b}
        for name in {*self._states} - {*backends} | changed:
            self._states.pop(name, None)
        self._backends = backends
        for name, backend in backends.items():
            if isinstance(backend.models, tuple):
                self._states[name] = ListState(frozenset(backend.models), 0.0)
            elif name in changed and backend.active:
                self._fetch(backend)
        self._reckon()

    def state(self, name: str) -> ListState | None:
        """What is known of one backend's list; None while it was never fetched."""
        return self._states.get(name)

    def has(self, name: str, model: str) -> bool:
        """Whether the list of the backend with that name is known and has the model."""
        state = self._states.get(name)
        return state is not None and state.models is not None and model in state.models

    async def ready(self, names: Iterable[str]) -> None:
        """Waits for the lists of `names` that were never had; old failures are tried anew."""
        now = asyncio.get_running_loop().time()
        missing = []
        for name in names:
            state = self._states.get(name)
            if state is None:
                self._fetch(self._backends[name])
                missing.append(name)
            elif state.models is None and now - state.fetched_at > REFETCH_AFTER_S:
                self._fetch(self._backends[name])
        for name in missing:
            # A backend may change while its list is on the way; the new one's is waited for.
            while name in self._backends and name not in self._states:
                await self._fetched(name)

    async def refresh(self, name: str) -> None:
        """Fetches one backend's list now, or waits for the fetch that is on."""
        await self._fetched(name)

    async def aclose(self) -> None:
        """Gives up what is being fetched."""
        running = tuple(self._running)
        for fetch in running:
            fetch.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _fetched(self, name: str) -> None:
        self._fetch(self._backends[name])
        await asyncio.shield(self._fetches[name][1])

    def _fetch(self, backend: Backend) -> None:
        """Begins to fetch the backend's list, unless that is being done."""
        asked, fetch = self._fetches.get(backend.name, (None, None))
        if fetch is None or fetch.done() or asked != backend:
            fetch = asyncio.get_running_loop().create_task(self._fetch_one(backend))
            self._fetches[backend.name] = (backend, fetch)
            self._running.add(fetch)
            fetch.add_done_callback(self._running.discard)

    async def _fetch_one(self, backend: Backend) -> None:
        models: frozenset[str] | None = None
        error: str | None = None
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                models = await self._ask(backend)
        except (TargetUnreachable, AnswerBroken, ValueError) as cause:
            error = str(cause)
        except TimeoutError:
            error = "it did not answer in time"
        if self._backends.get(backend.name) == backend:
            now = asyncio.get_running_loop().time()
            self._states[backend.name] = ListState(models, now, error)
            self._reckon()

    def _reckon(self) -> None:
        self.known = {
            name: state.models if (state := self._states.get(name)) else None
            for name, backend in self._backends.items()
            if backend.active
        }
        self.complete = None not in self.known.values()

    async def _ask(self, backend: Backend) -> frozenset[str]:
        call = Call(
            method="GET",
            url=address(backend, list_path(backend)),
            headers=(*OWN, *list_headers(backend), *credentials(backend), *backend.headers),
            connect_timeout_s=backend.timeouts.connect_s,
        )
        answer = inflated(await self._upstream_for(backend).send(call))
        try:
            body = b""
            while data := await answer.read():
                body += data
                if len(body) > _MOST_BYTES:
                    raise ValueError("its model list is too large")
        finally:
            answer.close()
        if answer.status != 200:
            raise ValueError(f"it answered {answer.status} to a request for its models")
        return frozenset(read_models(body))
