"""A compiled chain: its links, and the ways in which they are put together."""

from collections.abc import Iterator

import msgspec

from headgate.policies.duty import Terms
from headgate.policies.kind import Prepared
from headgate.policies.occasion import Occasion
from headgate.policies.when import Condition


class Link(msgspec.Struct, frozen=True, eq=False):
    """One policy."""

    terms: Terms
    prepared: Prepared
    condition: Condition


class Sequence(msgspec.Struct, frozen=True, eq=False):
    """One after the other, in their order."""

    condition: Condition
    nodes: tuple["Node", ...]


class Parallel(msgspec.Struct, frozen=True, eq=False):
    """Side by side on the same text; the first that blocks counts. Its policies only judge."""

    name: str
    condition: Condition
    nodes: tuple["Node", ...]


class Branch(msgspec.Struct, frozen=True, eq=False):
    """The first case whose condition fits; the last case may have none."""

    condition: Condition
    cases: tuple[Sequence, ...]


Node = Link | Sequence | Parallel | Branch
Step = Link | Parallel
"""What is left of a node once the conditions are answered."""


def steps(nodes: tuple[Node, ...], occasion: Occasion) -> Iterator[Step]:
    """The steps that are in force on `occasion`, in order."""
    for node in nodes:
        if not node.condition.fits(occasion):
            continue
        match node:
            case Sequence(nodes=inner):
                yield from steps(inner, occasion)
            case Branch(cases=cases):
                fitting = (case for case in cases if case.condition.fits(occasion))
                yield from steps((next(fitting, _NOTHING),), occasion)
            case _:
                yield node


def asks_backend(nodes: tuple[Node, ...]) -> bool:
    """Whether some condition can be answered only once a backend is chosen."""
    for node in nodes:
        if node.condition.asks_backend:
            return True
        match node:
            case Sequence(nodes=inner) | Parallel(nodes=inner):
                found = asks_backend(inner)
            case Branch(cases=cases):
                found = asks_backend(cases)
            case _:
                found = False
        if found:
            return True
    return False


_NOTHING = Sequence(Condition(), ())
