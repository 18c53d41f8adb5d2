import importlib
import pathlib

from sqlalchemy import select, text

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.engine import Database
from headgate.storage.figuring import change_of
from headgate.storage.rows import attempt, attempt_values, exchange, exchange_values
from headgate.storage.schema_script import statements
from headgate.storage.sql import Step
from headgate.storage.tables import attempts, exchanges
from tests.storage.fakes import named
from tests.storage.samples import AT, closed, settled
from tests.storage.test_figure_steps import _same, counted, kept

NAME = "headgate.storage.migrations.versions.0007_figures"
LATER = ("user_name", "backend_name", "price_version")


def test_it_follows_the_stored_responses() -> None:
    revision = importlib.import_module(NAME)
    assert (revision.revision, revision.down_revision) == ("0007", "0006")
    assert pathlib.Path(str(revision.__file__)).name == "0007_figures.py"


async def test_what_is_in_the_log_is_counted_and_named(empty_database: Database) -> None:
    every, since = statements(empty_database.name, None), statements(empty_database.name, "0006")
    await empty_database.upgrade(lambda _: every[: -len(since)])
    rows = [
        closed(user_id="u1", backend_id="east", completion_tokens=70_000),
        closed("x2", user_id=None, backend_id=None, routed_model=None, outcome="refused"),
        closed("x3", created_at=AT + 86_400, response_time_ms=0.1, prompt_tokens=2**62),
        closed("x4", outcome="timeout", completion_tokens=None, detail_logged=False),
        closed("x5", request_model="m" * 999),
    ]
    made = [settled("x1", backend_id="east"), settled("x3", 2, outcome="timeout", duration_ms=1e9)]
    await empty_database.write([*_directory(), *map(_exchange, rows), *map(_attempt, made)])
    await empty_database.upgrade(lambda _: since)
    after: list[ExchangeRow | AttemptRow] = [
        *map(exchange, await empty_database.fetch(select(exchanges))),
        *map(attempt, await empty_database.fetch(select(attempts))),
    ]
    first = next(row for row in after if isinstance(row, ExchangeRow) and row.id == "x1")
    assert (first.user_id, first.user_name) == ("u1", "alice")
    assert (first.backend_id, first.backend_name) == ("b1", "east")
    tried = next(row for row in after if isinstance(row, AttemptRow) and row.exchange_id == "x1")
    assert (tried.user_id, tried.backend_id, tried.backend_name) == ("u1", "b1", "east")
    assert _same(await kept(empty_database), counted(change_of(after)))


def _directory() -> list[Step]:
    user = (
        "INSERT INTO users (id, name, is_active, detail_logging,"
        " copy_reasoning_to_reasoning_content, limits, created_at)"
        " VALUES ('u1', 'alice', true, false, false, '{}', 0)"
    )
    backend = (
        "INSERT INTO backends (id, name, base_url, speaks, is_active, detail_logging, settings,"
        " created_at) VALUES ('b1', 'east', 'http://east.test', '[]', true, false, '{}', 0)"
    )
    return [Step(text(statement), ({},)) for statement in (user, backend)]


def _exchange(row: ExchangeRow) -> Step:
    [made] = exchange_values([row])
    values = {**named(exchanges, made), "request_model": row.request_model}
    return Step(exchanges.insert().values({k: v for k, v in values.items() if k not in LATER}))


def _attempt(row: AttemptRow) -> Step:
    [made] = attempt_values([row])
    values = named(attempts, made)
    later = (*LATER, "user_id")
    return Step(attempts.insert().values({k: v for k, v in values.items() if k not in later}))
