"""How a store says no: it cannot be reached, will not take a row, or cannot open a secret."""


class StoreUnreachable(Exception):  # noqa: N818 - named for the fact
    """The store does not answer now; the same call may succeed later. Names no credential."""


class RowRefused(Exception):  # noqa: N818 - named for the fact
    """The store answers and will never take this row: its data does not fit."""


class RowConflict(RowRefused):
    """The row contradicts one that is there (a duplicate name, an unknown reference)."""


class SecretLost(Exception):  # noqa: N818 - named for the fact
    """A sealed secret cannot be opened; the message says why and names no secret."""


class TooMuch(Exception):  # noqa: N818 - named for the fact
    """More is stored than can be read at once."""
