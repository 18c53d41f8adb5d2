"""Finds a text in the request log without reading all of it.

Names of users, backends and models, and outcomes, are found in the figures' series, which know
every one that occurs; ids in full by their index. All other text is looked for in the newest
exchanges, and errors in the newest that failed.
"""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from headgate.model.figures import OUTCOMES, ended_bucket
from headgate.model.outcome import Outcome
from headgate.storage.engine import Database
from headgate.storage.figure_tables import EACH_USER, series
from headgate.storage.scope import (
    REROUTED,
    Condition,
    Scope,
    between,
    ended,
    in_log,
    names,
    of_model,
)
from headgate.storage.sql import like_pattern
from headgate.storage.tables import exchanges

NEWEST = 1_000
"""Exchanges of which every column is searched."""

NEWEST_FAILED = 3_000
"""Exchanges with an error whose text is searched."""

MOST_HITS = 2_000

_OTHER_TEXTS = (
    exchanges.c.id,
    exchanges.c.endpoint,
    exchanges.c.response_model,
    exchanges.c.session,
)


class Hit(msgspec.Struct, frozen=True):
    """An exchange that was found by what the figures do not know; ``at`` is Unix time."""

    id: str
    at: float


class Search(msgspec.Struct, frozen=True):
    """What fits: rows whose names or outcome contain the text, and `hits` beside them. ``since``:
    from when on every text was searched; None: all of it. `by_user`: some user's name fits."""

    pattern: str
    outcomes: tuple[Outcome, ...]
    by_user: bool
    hits: tuple[Hit, ...] = ()
    since: float | None = None

    def branches(self) -> list[Condition]:
        """What a row of the log is found by, each with an index of its own."""
        row = exchanges.c
        pattern = self.pattern
        found: list[Condition] = [
            row.backend_id.in_(_ids(pattern, "backend")),
            row.request_model.in_(_values(pattern, "request_model")),
            and_(row.routed_model.in_(_values(pattern, "routed_model")), REROUTED),
        ]
        if self.by_user:
            found.append(row.user_id.in_(_ids(pattern, "user")))
        if self.outcomes:
            found.append(ended(*self.outcomes))
        return found

    def endings(self) -> list[int]:
        """The buckets of `figures.ENDED` whose outcome fits."""
        return [ended_bucket(word, detail) for word in self.outcomes for detail in (False, True)]

    def in_series(self) -> Condition:
        """What a series is found by."""
        cell, pattern = series.c, self.pattern
        users = [cell.user_id.in_(_ids(pattern, "user"))] if self.by_user else []
        return or_(
            *users,
            cell.backend_id.in_(_ids(pattern, "backend")),
            cell.request_model.in_(_values(pattern, "request_model")),
            cell.routed_model.in_(_values(pattern, "routed_model")),
        )


async def search(database: Database, scope: Scope, text: str) -> Search:
    """What `text` finds in the scope. Raises StoreUnreachable."""
    low = text.lower()
    outcomes = tuple(word for word in OUTCOMES if low in word)
    pattern = like_pattern(text)
    users = await database.fetch(_ids(pattern, "user").limit(1))
    plain = Search(pattern, outcomes, bool(users))
    newest = await _reach(database, scope, NEWEST, failed=False)
    failed = await _reach(database, scope, NEWEST_FAILED, failed=True)
    wanted = [*in_log(scope), *of_model(scope), *between(exchanges.c.created_at, *_range(scope))]
    others = not_(or_(*map(_known, plain.branches())))
    hits: dict[str, Hit] = {}
    exact = await _exact(database, text)
    for condition in _conditions(plain.pattern, exact, newest, failed):
        found = (
            select(exchanges.c.id, exchanges.c.created_at)
            .where(condition, *wanted, others)
            .order_by(exchanges.c.created_at.desc())
            .limit(MOST_HITS)
        )
        for row in await database.fetch(found):
            hits[row["id"]] = Hit(row["id"], row["created_at"])
    return msgspec.structs.replace(plain, hits=tuple(hits.values()), since=newest)


def _conditions(
    pattern: str, exact: list[str], newest: float | None, failed: float | None
) -> list[Condition]:
    """How rows are found that the figures do not know, each by an index of its own."""
    row = exchanges.c
    anywhere = or_(*(_like(column, pattern) for column in _OTHER_TEXTS))
    return [
        and_(anywhere, *between(row.created_at, newest, None)),
        and_(
            row.error_message.is_not(None),
            _like(row.error_message, pattern),
            *between(row.created_at, failed, None),
        ),
        *([row.id.in_(exact)] if exact else []),
    ]


async def _exact(database: Database, text: str) -> list[str]:
    """The exchanges with that id or of that session."""
    row = exchanges.c
    found = select(row.id).where(or_(row.id == text, row.session == text)).limit(MOST_HITS)
    return [row["id"] for row in await database.fetch(found)]


async def _reach(database: Database, scope: Scope, most: int, *, failed: bool) -> float | None:
    """When the oldest of the newest `most` exchanges of the scope's time began; None: there are
    not so many."""
    at = exchanges.c.created_at
    wanted = select(at).where(*between(at, *_range(scope)))
    if failed:
        wanted = wanted.where(exchanges.c.error_message.is_not(None))
    rows = await database.fetch(wanted.order_by(at.desc()).limit(1).offset(most - 1))
    return float(rows[0]["created_at"]) if rows else None


def _range(scope: Scope) -> tuple[float | None, float | None]:
    return scope.since, scope.until


def _known(condition: Condition) -> Condition:
    """`condition`, where NULL is no."""
    return func.coalesce(condition, False)


def _like(column: ColumnElement[Any], pattern: str) -> Condition:
    return func.lower(column).like(pattern, escape="\\")


def _values(pattern: str, name: str) -> "Select[Any]":
    column = series.c[name]
    return select(column).where(series.c.level == EACH_USER, column != "", _like(column, pattern))


def _ids(pattern: str, kind: str) -> Any:
    every = names().subquery()
    named = select(every.c.id).where(every.c.kind == kind, _like(every.c.name, pattern))
    return _values(pattern, f"{kind}_id").union(named)
