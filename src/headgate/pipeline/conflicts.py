"""What the file and the database both define, although only one of them may."""

from collections.abc import Iterable

from headgate.config import Config, Problem
from headgate.model.directory import Directory


def conflicts(config: Config, directory: Directory) -> list[Problem]:
    """One problem for each name that stands in both."""
    pairs: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
        ("users", (u.name for u in config.users), (u.name for u in directory.users)),
        ("backends", config.backends, (backend.name for backend in directory.backends)),
        ("models", config.models, (model.name for model in directory.models)),
        ("rewrites", (r.source for r in config.rewrites), _sources(directory)),
    )
    return [
        Problem("the database", None, f"{section}.{name}", _MESSAGE)
        for section, in_file, in_database in pairs
        for name in sorted({*in_file} & {*in_database})
    ]


_MESSAGE = "is defined here and in the configuration's file; remove it from one of them"


def _sources(directory: Directory) -> Iterable[str]:
    return (rewrite.source_model for rewrite in directory.rewrites)
