"""The text of one block on its way through one policy."""

from typing import Protocol


class Flow(Protocol):
    """What is given comes out once, changed or not, in order; the rest is held.

    Whatever a method raises, `raw` gives back all that has not come out.
    """

    @property
    def held(self) -> int:
        """How much is held, in characters or bytes; 0: nothing."""
        ...

    @property
    def wanting(self) -> bool:
        """It must be asked (`ask`) before anything more can be said."""
        ...

    def feed(self, text: str) -> str:
        """More text."""
        ...

    def late(self) -> str:
        """The text was held too long; where it waits for somebody, it is `wanting` now."""
        ...

    def end(self) -> str:
        """The block is over; where it waits for somebody, it is `wanting` now."""
        ...

    async def ask(self) -> str:
        """Waits for whoever must be asked about the next window."""
        ...

    def raw(self) -> str:
        """What is held, as it came; it is held no more."""
        ...


def run_whole(flow: Flow, text: str) -> str:
    """A whole text at once, through a flow that waits for nobody."""
    return flow.feed(text) + flow.end()
