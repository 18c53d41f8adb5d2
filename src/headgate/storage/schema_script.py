"""The SQL that takes a schema to the newest revision. Importing this imports Alembic."""

import pathlib

from alembic import command
from alembic.config import Config

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


def statements(dialect: str, current: str | None) -> list[str]:
    """The statements from revision `current` (None: an empty database) to the newest one."""
    found = _Statements()
    config = Config(output_buffer=found, attributes={"dialect": dialect})  # type: ignore[arg-type]
    config.set_main_option("script_location", str(_REVISIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, f"{current or 'base'}:head", sql=True)
    return list(found)
