"""The door to the policies, whose machinery is loaded only where there is one: it is 5 MB."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from headgate.config import Config
from headgate.model.directory import Directory
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.guard import Guard, no_guard
from headgate.upstream.answer import Upstream

if TYPE_CHECKING:
    from headgate.policies.environment import Environment
    from headgate.policies.rehearsal import Rehearsal, Trial

Entry = Mapping[str, Any]
OpenGuard = Callable[[Any], Guard | None]


def check_entry(entry: Entry) -> Iterable[str]:
    """What is wrong with one entry of the chain, a sentence each."""
    from headgate.policies import chain  # noqa: PLC0415 - see above

    return chain.check_entry(entry)


class Guards:
    """Puts the chains of one gateway to work; their services are called over `http`."""

    def __init__(self, gateway: Gateway, http: Upstream) -> None:
        self._gateway = gateway
        self._http = http
        self._environment: Environment | None = None

    def of(self, config: Config, directory: Directory, file: str) -> OpenGuard:
        """What puts the chain that is to be in force to work on an exchange. Raises ConfigErrors
        with all that is wrong with the chain."""
        entries = _entries(config, directory)
        if not entries:
            return no_guard
        from headgate.composition import chains  # noqa: PLC0415 - see above

        place = file if config.policies.source == "file" else "the database"
        return chains.Guarding(chains.chain_of(entries, place, self._around()))

    def rehearsing(self) -> "Callable[[Trial], Awaitable[Rehearsal]]":
        """Tries samples with their own chain, or with the one in force. Raises ChainRefused."""
        from headgate.composition import chains  # noqa: PLC0415 - see above

        return chains.rehearsing(self._gateway, self._around())

    def _around(self) -> "Environment":
        """What policies may ask of this process."""
        from headgate.composition import chains  # noqa: PLC0415 - see above

        if self._environment is None:
            self._environment = chains.environment_of(self._gateway, self._http)
        return self._environment


def _entries(config: Config, directory: Directory) -> tuple[Entry, ...]:
    if config.policies.source == "file":
        return config.policies.chain
    rows = sorted(directory.policies, key=lambda row: (row.position, row.id))
    return tuple(row.entry for row in rows if row.is_active)
