"""Keeps what a gateway knows in step with the configuration's file and the database's directory."""

import asyncio
import logging
from collections.abc import Callable

from headgate.config import Config, ConfigErrors, report
from headgate.model.directory import Directory
from headgate.model.store_faults import StoreUnreachable
from headgate.pipeline.conflicts import conflicts
from headgate.pipeline.key_uses import KeyUses
from headgate.pipeline.merge import Merged
from headgate.ports import DirectoryPort

POLL_S = 2.0
"""How often a worker looks whether another one has changed something."""

_LOG = logging.getLogger(__name__)

Build = Callable[[Config, Directory], Merged]
Use = Callable[[Merged], None]


class Knowledge:
    """The configuration and the directory that are in force in this worker.

    `read` reads the configuration's file and raises ConfigErrors, None where there is no file;
    `build` merges the two; `use` puts the result in force at once.
    """

    def __init__(
        self,
        store: DirectoryPort,
        config: Config,
        read: Callable[[], Config] | None,
        build: Build,
        use: Use,
    ) -> None:
        self._store = store
        self._read = read
        self._build = build
        self._use = use
        self._said: tuple[str, ...] = ()
        self._reachable = True
        self._loading = asyncio.Lock()
        self.config = config
        self.directory = Directory()

    async def open(self) -> None:
        """Puts both in force for the first time. Raises StoreUnreachable, and ConfigErrors where
        they contradict each other."""
        self._put(self.config, await self._store.load())

    async def changed(self) -> None:
        """The database has changed: the next request sees it. Raises StoreUnreachable."""
        async with self._loading:
            await self._load()

    def reread(self) -> list[str]:
        """Reads the file again; gives what is wrong with it, in which case the old one goes on."""
        if self._read is None:
            return []
        try:
            self._put(self._read(), self.directory)
        except ConfigErrors as errors:
            return report(errors)
        return []

    async def reload(self) -> list[str]:
        """Reads the file again here and, soon, in all other workers. Raises StoreUnreachable."""
        problems = self.reread()
        if not problems:
            await self._store.ask_reload()
            async with self._loading:
                self.directory = await self._store.load()
        return problems

    async def follow(self, uses: KeyUses) -> None:
        """Looks for changes for ever, and writes down when keys were used."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look(uses)
            except StoreUnreachable as error:
                if self._reachable:
                    _LOG.error("the directory goes on as it was last known: %s", error)
                self._reachable = False
            else:
                if not self._reachable:
                    _LOG.warning("the directory can be reached again")
                self._reachable = True

    async def look(self, uses: KeyUses) -> None:
        """One look. Raises StoreUnreachable; nothing is lost then."""
        async with self._loading:
            if await self._store.version() != self.directory.version:
                await self._load()
        taken = uses.take()
        try:
            if taken:
                await self._store.note_uses(taken)
        except StoreUnreachable:
            uses.give_back(taken)
            raise

    async def _load(self) -> None:
        directory = await self._store.load()
        asked = directory.reloads != self.directory.reloads
        try:
            config = self._read() if asked and self._read is not None else self.config
        except ConfigErrors as errors:
            _LOG.error("the configuration was not reloaded:\n%s", "\n".join(report(errors)))
            config = self.config
        try:
            self._put(config, directory)
        except ConfigErrors as errors:
            _LOG.error("the directory was not reloaded:\n%s", "\n".join(report(errors)))
            # Not again before it changes again.
            self.directory = directory

    def _put(self, config: Config, directory: Directory) -> None:
        """In force from now on, both or neither. Raises ConfigErrors."""
        if found := conflicts(config, directory):
            raise ConfigErrors(found)
        merged = self._build(config, directory)
        self.config, self.directory = config, directory
        self._use(merged)
        for problem in merged.problems:
            if problem not in self._said:
                _LOG.error("%s", problem)
        self._said = merged.problems
