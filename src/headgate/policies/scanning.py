"""What every policy that looks for patterns has: flows over replies, and texts looked at whole."""

import asyncio
from collections.abc import Callable, Sequence

from typing_extensions import override

from headgate.policies.flow import Flow
from headgate.policies.keys import EntryRefused
from headgate.policies.patterns.finder import Finder, Hit, Pattern
from headgate.policies.patterns.scanner import OnHit, Scanner
from headgate.policies.patterns.syntax import PatternRefused
from headgate.policies.policy import Refuse

SLICE_CHARACTERS = 16_384
"""A long text is looked at in slices, and others have their turn in between."""


def check_regex(where: str, source: str) -> None:
    """Raises EntryRefused, naming the key `where`, for a regex that cannot be used."""
    try:
        Finder([Pattern("", source)], 1)
    except PatternRefused as error:
        raise EntryRefused(where, f"the regex {error}") from error


def make_finder(patterns: Sequence[Pattern], lookback: int) -> Finder:
    """All of `patterns` as one. Raises EntryRefused where they are too many together."""
    try:
        return Finder(patterns, lookback)
    except PatternRefused as error:
        raise EntryRefused("", f"the patterns together: {error}") from error


class ScanFlow(Scanner):
    """One block's text through a scanner, as a flow. Where `on_hit` says stop, `refuse` makes the
    refusal."""

    wanting = False

    def __init__(
        self, finder: Finder, on_hit: OnHit, refuse: Callable[[Hit], Refuse] | None = None
    ) -> None:
        super().__init__(finder, on_hit)
        self._refuse = refuse

    async def ask(self) -> str:
        """See `Flow.ask`: there is nobody to ask."""
        return ""

    @override
    def stop(self, hit: Hit, given: str) -> str:
        if self._refuse is None:
            return given
        refusal = self._refuse(hit)
        refusal.released = given
        raise refusal


async def scan_whole(flow: Flow, text: str) -> str:
    """A whole text through `flow`, slice by slice."""
    given = []
    for start in range(0, len(text), SLICE_CHARACTERS):
        if start:
            await asyncio.sleep(0)
        given.append(flow.feed(text[start : start + SLICE_CHARACTERS]))
    given.append(flow.end())
    return "".join(given)
