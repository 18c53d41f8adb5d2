"""Which exchanges a reader means, with the ids of whoever was called by a name."""

import msgspec
from sqlalchemy import ColumnElement, and_, literal_column, not_, or_, select, union
from sqlalchemy.sql.selectable import CompoundSelect

from headgate.model.book_query import RequestQuery
from headgate.model.outcome import Outcome
from headgate.storage.directory_tables import backends, users
from headgate.storage.engine import Database
from headgate.storage.figure_tables import known_names
from headgate.storage.rows import short
from headgate.storage.tables import exchanges

Condition = ColumnElement[bool]

# As the partial indexes have it, word for word: no parameter is proof that one of them will do.
REROUTED: Condition = literal_column("exchanges.routed_model <> exchanges.request_model")
_NOT_COMPLETE: Condition = literal_column("exchanges.outcome <> 'complete'")
_DETAILED: Condition = literal_column("exchanges.detail_logged")


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which exchanges are meant; None: any. ``since`` is included and ``until`` is not."""

    users: tuple[str, ...] | None = None
    backends: tuple[str, ...] | None = None
    model: str | None = None
    outcome: Outcome | None = None
    detail_logged: bool | None = None
    session: str | None = None
    since: float | None = None
    until: float | None = None


async def scope_of(database: Database, query: RequestQuery) -> Scope:
    """What `query` means. Raises StoreUnreachable."""
    ids = await _ids_by_name(database, query)
    return Scope(
        users=_meant(query.user_id, ids, "user"),
        backends=_meant(query.backend_id, ids, "backend"),
        model=None if query.model is None else short(query.model),
        outcome=query.outcome,
        detail_logged=query.detail_logged,
        session=None if query.session is None else short(query.session),
        since=query.since,
        until=query.until,
    )


def names() -> CompoundSelect[tuple[str, str, str, int]]:
    """Kind, id, name and day of every name that a user or backend has or ever had; what one has
    now is of the last of all days."""
    # In the statement's own text: PostgreSQL takes parameters for text here.
    user, backend = _word("'user'"), _word("'backend'")
    now: ColumnElement[int] = literal_column(str(2**31))
    return union(
        select(user.label("kind"), users.c.id, users.c.name, now.label("last_day")),
        select(backend, backends.c.id, backends.c.name, now),
        select(known_names.c.kind, known_names.c.id, known_names.c.name, known_names.c.last_day),
    )


def in_log(scope: Scope) -> list[Condition]:
    """What a row of ``exchanges`` must be, its time and its model aside."""
    columns = exchanges.c
    found: list[Condition] = []
    if scope.users is not None:
        found.append(columns.user_id.in_(scope.users))
    if scope.backends is not None:
        found.append(columns.backend_id.in_(scope.backends))
    if scope.outcome is not None:
        found.append(ended(scope.outcome))
    if scope.detail_logged is not None:
        found.append(_DETAILED if scope.detail_logged else not_(_DETAILED))
    if scope.session is not None:
        found.append(columns.session == scope.session)
    return found


def of_model(scope: Scope) -> list[Condition]:
    """What a row of ``exchanges`` must be because of the model."""
    if scope.model is None:
        return []
    return [or_(*found_by_model(scope.model))]


def found_by_model(name: str) -> list[Condition]:
    """What a row of ``exchanges`` is found by where it has to do with the model, each with an
    index of its own."""
    row = exchanges.c
    return [row.request_model == name, and_(row.routed_model == name, REROUTED)]


def ended(*outcomes: Outcome) -> Condition:
    """The rows of ``exchanges`` that ended in one of these ways."""
    found = exchanges.c.outcome.in_(outcomes)
    return found if "complete" in outcomes else and_(found, _NOT_COMPLETE)


def between(column: ColumnElement[float], low: float | None, high: float | None) -> list[Condition]:
    """The rows of that time."""
    found: list[Condition] = []
    if low is not None:
        found.append(column >= low)
    if high is not None:
        found.append(column < high)
    return found


def _word(text: str) -> ColumnElement[str]:
    return literal_column(text)


async def _ids_by_name(database: Database, query: RequestQuery) -> dict[str, set[str]]:
    wanted = [
        ("user", query.user_id),
        ("backend", query.backend_id),
    ]
    every = names().subquery()
    asked = [
        (every.c.kind == kind) & (every.c.name == name) for kind, name in wanted if name is not None
    ]
    if not asked:
        return {}
    ids: dict[str, set[str]] = {}
    for row in await database.fetch(select(every.c.kind, every.c.id).where(or_(*asked))):
        ids.setdefault(row["kind"], set()).add(row["id"])
    return ids


def _meant(given: str | None, ids: dict[str, set[str]], kind: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    return tuple(sorted({short(given), *ids.get(kind, ())}))
