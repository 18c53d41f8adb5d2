"""The phases of an exchange, in which a filter may take part.

::

    admit (may wait) → choose (sync) → prepare (sync, an attempt) → settle (sync, exactly once an
    attempt) → close (sync, exactly once an exchange) → amend (sync, after late policies)

``settle`` and ``close`` cannot await, so that no cancellation splits them, and a bug in one filter
keeps no other from them. Methods are bound once; a phase that a filter does not override costs
nothing. What a phase raises as `Refused` before the first byte is told to the caller. A further
phase needs a decision record.
"""

import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

from headgate.pipeline.exchange import Attempt, Exchange
from headgate.routing.target import Target

_LOG = logging.getLogger(__name__)

Waiting = Coroutine[Any, Any, None]
P = ParamSpec("P")


class Filter:
    """A behaviour of exchanges: override the phases in which it acts."""

    def admit(self, exchange: Exchange) -> Waiting | None:
        """May the exchange go on? The caller is known and the body read, but for that of a form,
        of which there is only the head. Returns what must be waited for first, if anything."""
        return None

    def choose(self, exchange: Exchange, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """The targets to try, best first."""
        return targets

    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        """Before the attempt's first byte leaves."""

    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        """The attempt is over, however it ended."""

    def close(self, exchange: Exchange) -> None:
        """The exchange is over, however it ended."""

    def amend(self, exchange: Exchange) -> None:
        """After `close`, only where policies were asked after the last word: they have now
        answered, and what was noted of them may be told again."""


@dataclass(frozen=True, slots=True)
class Phases:
    """The overridden methods of a list of filters, phase by phase, in the list's order."""

    admit: tuple[Callable[[Exchange], Waiting | None], ...]
    choose: tuple[Callable[[Exchange, tuple[Target, ...]], tuple[Target, ...]], ...]
    prepare: tuple[Callable[[Exchange, Attempt], None], ...]
    settle: tuple[Callable[[Exchange, Attempt], None], ...]
    close: tuple[Callable[[Exchange], None], ...]
    amend: tuple[Callable[[Exchange], None], ...] = ()


def bind(filters: Sequence[Filter]) -> Phases:
    """The phases of `filters`."""
    return Phases(
        admit=tuple(f.admit for f in filters if type(f).admit is not Filter.admit),
        choose=tuple(f.choose for f in filters if type(f).choose is not Filter.choose),
        prepare=tuple(f.prepare for f in filters if type(f).prepare is not Filter.prepare),
        settle=tuple(f.settle for f in filters if type(f).settle is not Filter.settle),
        close=tuple(f.close for f in filters if type(f).close is not Filter.close),
        amend=tuple(f.amend for f in filters if type(f).amend is not Filter.amend),
    )


def call_each(methods: Iterable[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Calls every filter of a phase that nothing may cut short: what one of them raises is logged,
    and the others have their turn, above all those that write the books."""
    for method in methods:
        try:
            method(*args, **kwargs)
        except Exception:  # noqa: BLE001 - a bug here must not leave an exchange open
            _LOG.exception("a filter failed at the end of an exchange")
