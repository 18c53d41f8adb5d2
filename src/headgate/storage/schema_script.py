"""The SQL that takes a schema to the newest revision. Importing this imports Alembic.

``python -m headgate.storage.schema_script`` writes down what makes an empty database.
"""

import pathlib

from alembic import command
from alembic.config import Config

from headgate.storage.migrate import write_fresh

_REVISIONS = pathlib.Path(__file__).parent / "migrations"


class _Statements(list[str]):
    """What Alembic writes, as a list of statements; it ends each with a semicolon."""

    def write(self, text: str) -> None:
        lines = [line for line in text.strip().splitlines() if not line.startswith("--")]
        statement = "\n".join(lines).strip().removesuffix(";")
        if statement:
            self.append(statement)

    def flush(self) -> None:
        """Alembic asks for it; there is nothing to flush."""


def statements(dialect: str, current: str | None, target: str = "head") -> list[str]:
    """The statements from revision `current` (None: an empty database) to `target`."""
    found = _Statements()
    config = Config(output_buffer=found, attributes={"dialect": dialect})  # type: ignore[arg-type]
    config.set_main_option("script_location", str(_REVISIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, f"{current or 'base'}:{target}", sql=True)
    return list(found)


def fresh(dialect: str) -> list[str]:
    """The statements that make an empty database, without those that move rows on: it has none."""
    return [one for one in statements(dialect, None) if not _moves_rows(one)]


def _moves_rows(statement: str) -> bool:
    if statement.startswith("UPDATE "):
        return not statement.startswith("UPDATE alembic_version ")
    return statement.startswith("INSERT INTO ") and " SELECT " in statement


if __name__ == "__main__":
    for name in ("sqlite", "postgresql"):
        write_fresh(name, fresh(name))
