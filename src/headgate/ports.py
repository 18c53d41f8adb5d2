"""What the gateway asks of the world, as narrow protocols; `app` hands in who does it."""

from typing import Protocol

from headgate.model.books import AttemptRow, ExchangeRow, Intent


class Books(Protocol):
    """Takes records at once, without waiting, and writes them later; loses none that it took.

    Every method is synchronous, so that a cancelled exchange cannot be split from its record.
    """

    def intend(self, intent: Intent) -> None:
        """Notes that an attempt is about to leave."""
        ...

    def settle(self, row: AttemptRow) -> None:
        """Notes how an attempt ended; idempotent by exchange and attempt."""
        ...

    def close(self, row: ExchangeRow) -> None:
        """Notes how an exchange ended; idempotent by id."""
        ...
