"""How a store says no: it cannot be reached, or it will not take a row."""


class StoreUnreachable(Exception):  # noqa: N818 - named for the fact
    """The store does not answer now; the same call may succeed later. Names no credential."""


class RowRefused(Exception):  # noqa: N818 - named for the fact
    """The store answers and will never take this row: its data does not fit."""


class RowConflict(RowRefused):
    """The row contradicts one that is there (a duplicate name, an unknown reference)."""
