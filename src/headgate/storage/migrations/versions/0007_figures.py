"""The figures beside the request log, and names and prices in its rows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MOST_TOKENS = 10**12
_ERRORS = "'empty', 'truncated', 'upstream_error', 'timeout', 'drained', 'killed'"
_OUTCOMES = (
    "complete",
    "empty",
    "truncated",
    "upstream_error",
    "timeout",
    "client_closed",
    "blocked",
    "drained",
    "killed",
    "refused",
)
_LATENCY_EDGES = [2.0**octave * (1 + step / 8) for octave in range(-2, 21) for step in range(8)]
_LENGTH_EDGES = [1, 16, 64, 256, 1024, 4096, 16384, 65536]
_BY_COLUMN = {
    "user": "user_id",
    "backend": "backend_id",
    "request_model": "request_model",
    "routed_model": "routed_model",
    "outcome": "outcome",
}
_TOKENS = (
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "total_tokens",
)
_KEY = ("user_id", "backend_id", "request_model", "routed_model")


def upgrade() -> None:
    """Makes the tables, and counts what is in the log already."""
    _add_columns()
    _create_tables()
    _name_rows()
    _fill_series()
    _fill_figures()
    _fill_tallies()
    _change_indexes()


def _add_columns() -> None:
    op.add_column("exchanges", sa.Column("user_name", sa.Text))
    op.add_column("exchanges", sa.Column("backend_name", sa.Text))
    op.add_column("attempts", sa.Column("user_id", sa.Text))
    op.add_column("attempts", sa.Column("backend_name", sa.Text))
    op.add_column("attempts", sa.Column("price_version", sa.Text))


def _create_tables() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "series",
        sa.Column("id", id_, primary_key=True),
        sa.Column("level", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _KEY),
        sa.Column("last_day", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("level", *_KEY, name="series_key"),
    )
    counts = ("requests", "errors", "streams", *_TOKENS)
    op.create_table(
        "figures",
        *(_key_column(name) for name in ("series", "day")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in counts),
        sa.Column("cost_usd", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tallies",
        *(_key_column(name) for name in ("measure", "series", "day", "bucket")),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("total", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "known_names",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("kind", "id", "name")),
        sa.Column("last_day", sa.BigInteger, nullable=False),
    )
    op.create_table("log_horizon", _key_column("id"), sa.Column("at", sa.Double, nullable=False))


def _key_column(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _name_rows() -> None:
    """Rows of before have the name of a backend, not its id."""
    for table in ("exchanges", "attempts"):
        op.execute(f"UPDATE {table} SET backend_name = backend_id")
        op.execute(
            f"UPDATE {table} SET backend_id = (SELECT id FROM backends WHERE name = backend_name)"
            " WHERE backend_name IN (SELECT name FROM backends)"
        )
    named = "(SELECT name FROM users WHERE id = exchanges.user_id)"
    op.execute(f"UPDATE exchanges SET user_name = COALESCE({named}, user_id)")
    whose = "(SELECT user_id FROM exchanges WHERE id = attempts.exchange_id)"
    op.execute(f"UPDATE attempts SET user_id = {whose}")
    for kind in ("user", "backend"):
        op.execute(
            "INSERT INTO known_names (kind, id, name, last_day)"
            f" SELECT '{kind}', id, name, 0 FROM {kind}s WHERE id <> name"
        )


def _fill_series() -> None:
    _shorten("exchanges", "request_model")
    _shorten("exchanges", "routed_model")
    _shorten("attempts", "routed_model")
    columns = f"level, {', '.join(_KEY)}"
    places = "1, 2, 3, 4, 5"
    for source in (_EXCHANGES, _ATTEMPTS):
        op.execute(
            f"INSERT INTO series ({columns}, last_day)"
            f" SELECT {columns}, MAX(day) FROM ({_levels(source)}) AS rows_of_log"
            f" WHERE true GROUP BY {places}"
            f" ON CONFLICT ({columns}) DO UPDATE SET last_day ="
            " CASE WHEN series.last_day < excluded.last_day THEN excluded.last_day"
            " ELSE series.last_day END"
        )


def _shorten(table: str, column: str) -> None:
    """What is indexed may not be of any length."""
    long = f"LENGTH({column}) > 400"
    op.execute(f"UPDATE {table} SET {column} = SUBSTR({column}, 1, 400) WHERE {long}")


_EXCHANGES = (
    "exchanges",
    "created_at",
    "COALESCE(user_id, '')",
    "COALESCE(backend_id, '')",
    "request_model",
    "COALESCE(routed_model, '')",
)
_ATTEMPTS = ("attempts", "at", "COALESCE(user_id, '')", "backend_id", "''", "routed_model")


def _levels(source: tuple[str, ...], values: str = "") -> str:
    """Every row twice: for its user's series and for that of all users."""
    table, at, user, backend, asked, routed = source
    more = f", {values}" if values else ""
    return " UNION ALL ".join(
        f"SELECT {level} AS level, {whose} AS user_id, {backend} AS backend_id,"
        f" {asked} AS request_model, {routed} AS routed_model, {_day(at)} AS day{more} FROM {table}"
        for level, whose in ((0, user), (1, "''"))
    )


def _day(at: str) -> str:
    # A cast cuts off in SQLite and rounds in PostgreSQL.
    whole = f"{at} / 86400.0"
    if op.get_context().dialect.name != "sqlite":
        whole = f"FLOOR({whole})"
    return f"CAST({whole} AS BIGINT)"


def _joined() -> str:
    return "JOIN series AS s ON s.level = r.level " + " ".join(
        f"AND s.{name} = r.{name}" for name in _KEY
    )


def _fill_figures() -> None:
    values = [
        "1 AS requests",
        f"CASE WHEN outcome IN ({_ERRORS}) THEN 1 ELSE 0 END AS errors",
        "CASE WHEN stream THEN 1 ELSE 0 END AS streams",
        *(f"{_bounded(name, _MOST_TOKENS)} AS {name}" for name in _TOKENS),
        "COALESCE(cost_usd, 0.0) AS cost_usd",
    ]
    names = ("requests", "errors", "streams", *_TOKENS, "cost_usd")
    sums = ", ".join(f"SUM(r.{name})" for name in names)
    op.execute(
        f"INSERT INTO figures (series, day, {', '.join(names)}) SELECT s.id, r.day, {sums}"
        f" FROM ({_levels(_EXCHANGES, ', '.join(values))}) AS r {_joined()} GROUP BY s.id, r.day"
    )


def _bounded(name: str, most: int) -> str:
    return f"CASE WHEN {name} > {most} THEN {most} WHEN {name} > 0 THEN {name} ELSE 0 END"


def _fill_tallies() -> None:
    ended = _place("outcome")
    detailed = "CASE WHEN detail_logged THEN 1 ELSE 0 END"
    for source, measure, value, bucket in (
        (_EXCHANGES, 0, "time_to_first_event_ms", _latency("time_to_first_event_ms")),
        (_EXCHANGES, 1, "response_time_ms", _latency("response_time_ms")),
        (_EXCHANGES, 2, "completion_tokens", _bucket("completion_tokens", _LENGTH_EDGES)),
        (_EXCHANGES, 3, "0", f"2 * {ended} + {detailed}"),
        (_ATTEMPTS, 4, "time_to_first_event_ms", _latency("time_to_first_event_ms")),
        (_ATTEMPTS, 5, "duration_ms", _latency("duration_ms")),
        (_ATTEMPTS, 6, "0", f"2 * {ended}"),
    ):
        rows = _levels(source, f"{value} AS value, {bucket} AS bucket")
        op.execute(
            "INSERT INTO tallies (series, day, measure, bucket, n, total)"
            f" SELECT s.id, r.day, {measure}, r.bucket, COUNT(*), SUM(r.value) FROM ({rows}) AS r"
            f" {_joined()} WHERE r.value IS NOT NULL GROUP BY s.id, r.day, r.bucket"
        )


def _place(column: str) -> str:
    cases = " ".join(f"WHEN '{word}' THEN {place}" for place, word in enumerate(_OUTCOMES))
    return f"(CASE {column} {cases} ELSE 0 END)"


def _latency(column: str) -> str:
    return _bucket(column, _LATENCY_EDGES)


def _bucket(column: str, edges: Sequence[float], first: int = 0) -> str:
    """How many of the edges the column's value has reached, by halving."""
    if not edges:
        return str(first)
    middle = len(edges) // 2
    below = _bucket(column, edges[:middle], first)
    above = _bucket(column, edges[middle + 1 :], first + middle + 1)
    return f"CASE WHEN {column} < {edges[middle]} THEN {below} ELSE {above} END"


def _change_indexes() -> None:
    for name, column in _BY_COLUMN.items():
        op.drop_index(f"exchanges_by_{name}", "exchanges")
        op.create_index(f"exchanges_by_{name}", "exchanges", [column, "created_at", "id"])
    for name, column in (("detail", "detail_logged"), ("session", "session")):
        op.create_index(f"exchanges_by_{name}", "exchanges", [column, "created_at", "id"])
    failed = sa.text("error_message IS NOT NULL")
    op.create_index(
        "exchanges_by_error",
        "exchanges",
        ["created_at"],
        sqlite_where=failed,
        postgresql_where=failed,
    )
