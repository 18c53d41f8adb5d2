"""Brings a database's schema to the newest revision."""

import pathlib
from collections.abc import Sequence

from headgate.storage.engine import Database

HEAD = "0008"
"""The newest revision. Known here, so that a database that has it costs one query at start."""


class NewerSchema(Exception):  # noqa: N818 - named for the fact
    """The database was made by a newer Headgate; nothing was changed."""


_FRESH = pathlib.Path(__file__).parent / "migrations"
_BETWEEN = ";\n\n"


async def migrate(database: Database) -> bool:
    """Brings the schema to `HEAD`; False where it was there already.

    Raises StoreUnreachable, and NewerSchema where the revision is not one of ours.
    """
    current = await database.schema_version()
    _refuse_newer(current)
    if current == HEAD:
        return False
    await database.upgrade(lambda version: _statements(database.name, version))
    return True


def _refuse_newer(current: str | None) -> None:
    if current is not None and current > HEAD:
        raise NewerSchema(
            f"the database has schema {current}; this Headgate knows schemas up to {HEAD}"
        )


def _statements(dialect: str, current: str | None) -> Sequence[str]:
    """Asked again under the lock: another process may have been here in the meantime."""
    _refuse_newer(current)
    if current == HEAD:
        return ()
    if current is None:
        return read_fresh(dialect)
    from headgate.storage import schema_script  # noqa: PLC0415 - Alembic is slow and large

    return schema_script.statements(dialect, current)


def read_fresh(dialect: str) -> list[str]:
    """The statements that make an empty database: what all revisions together say, written down
    by ``make schema``, so that a first start need not load Alembic."""
    text = _fresh_file(dialect).read_text("utf-8")
    return text.removesuffix(_BETWEEN).split(_BETWEEN)


def write_fresh(dialect: str, statements: Sequence[str]) -> None:
    """Writes them down for `read_fresh`."""
    text = "".join(statement + _BETWEEN for statement in statements)
    _fresh_file(dialect).write_text(text, "utf-8")


def _fresh_file(dialect: str) -> pathlib.Path:
    return _FRESH / f"fresh.{dialect}.sql"
