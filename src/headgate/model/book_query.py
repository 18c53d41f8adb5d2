"""What one asks of the request log, and the page that answers. Names are the contract's."""

import msgspec

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.model.outcome import Outcome

DEFAULT_LIMIT = 50
MOST_ROWS = 500
MOST_OFFSET = 2**31 - 1


class RequestQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which exchanges are wanted, newest first; None: any.

    ``q`` is looked for in ids, names and error text, whatever its case. ``user_id`` and
    ``backend_id`` may be a name, too, of now or of before. ``model`` is the name asked for or
    routed to. ``since`` is included and ``until`` is not, in Unix seconds. Create it with
    `bounded` where the numbers come from outside.
    """

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    q: str | None = None
    user_id: str | None = None
    backend_id: str | None = None
    model: str | None = None
    outcome: Outcome | None = None
    detail_logged: bool | None = None
    session: str | None = None
    since: float | None = None
    until: float | None = None


class RequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """``total`` counts every exchange that fits; ``limit`` and ``offset`` are those applied.
    ``searched_since``: what is before this Unix time was not searched for ``q`` in every column;
    None: everything was."""

    rows: tuple[ExchangeRow, ...]
    total: int
    limit: int
    offset: int
    searched_since: float | None = None


class RequestDetail(msgspec.Struct, frozen=True):
    """One exchange and its attempts, in the order in which they were made."""

    row: ExchangeRow
    attempts: tuple[AttemptRow, ...] = ()


def bounded(query: RequestQuery) -> RequestQuery:
    """`query` with a limit of 1 to 500 and an offset that no database chokes on."""
    limit = min(max(query.limit, 1), MOST_ROWS)
    offset = min(max(query.offset, 0), MOST_OFFSET)
    return msgspec.structs.replace(query, limit=limit, offset=offset)
