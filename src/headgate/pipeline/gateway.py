"""What every exchange needs of the process that it runs in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from headgate.backends.backend import Backend
from headgate.pipeline.filter import Phases
from headgate.pipeline.key_uses import KeyUses
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.route_memory import RouteMemory
from headgate.pipeline.runs import Runs
from headgate.pipeline.snapshot import Snapshot
from headgate.pipeline.watch import Watch
from headgate.ports import Prices, ResponseMemory
from headgate.routing.health import Health
from headgate.routing.retry import Budget
from headgate.upstream.answer import Upstream


@dataclass(slots=True)
class Gateway:
    """The parts of one worker. ``snapshot`` is replaced whole when the configuration changes;
    ``wall`` is Unix time, ``draw`` a number in [0, 1), ``mint`` 24 letters and digits,
    no two alike: the time, then chance."""

    snapshot: Snapshot
    upstream_for: Callable[[Backend], Upstream]
    lists: ModelLists
    phases: Phases
    wall: Callable[[], float]
    draw: Callable[[], float]
    mint: Callable[[], str]
    prices: Prices | None = None
    memory: ResponseMemory | None = None
    runs: Runs = field(default_factory=Runs)
    key_uses: KeyUses = field(default_factory=KeyUses)
    routes: RouteMemory = field(default_factory=RouteMemory)
    health: Health = field(default_factory=Health)
    budgets: dict[str, Budget] = field(default_factory=dict)
    running: set[Watch] = field(default_factory=set)
    draining: bool = False

    def budget(self, backend: str) -> Budget:
        """The retry budget of a backend."""
        budget = self.budgets.get(backend)
        if budget is None:
            budget = self.budgets[backend] = Budget()
        return budget

    def cut(self) -> None:
        """Ends what is still running: the drain is over."""
        for watch in tuple(self.running):
            watch.interrupt("drained")
