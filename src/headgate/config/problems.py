"""What is wrong with a configuration: every problem with its place and the nearest valid name."""

import difflib
from collections.abc import Iterable

import msgspec
from typing_extensions import override


class Problem(msgspec.Struct, frozen=True):
    """One thing to mend. ``where`` is the key's path (``backends.openai.speaks[0]``), "" for the
    whole file; ``line`` counts from 1 and is None where the file has none (the environment).
    """

    file: str
    line: int | None
    where: str
    message: str
    nearest: str | None = None

    @override
    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.where}: " if self.where else ""
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{place}: {subject}{self.message}{hint}"


class ConfigErrors(Exception):  # noqa: N818 - it holds all of them
    """A configuration that cannot be used, with all its problems in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(report(self)))


class Findings:
    """Collects the problems of one file; what is found twice is kept once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[Problem, None] = {}

    def add(self, line: int | None, where: str, message: str, nearest: str | None = None) -> None:
        """Notes one problem."""
        self.take(Problem(self.file, line, where, message, nearest))

    def take(self, problem: Problem) -> None:
        """Notes a problem that names its own file."""
        self._found[problem] = None

    @property
    def problems(self) -> list[Problem]:
        """All of them, by line."""
        return sorted(self._found, key=lambda problem: problem.line or 0)

    def raise_any(self) -> None:
        """Raises `ConfigErrors` where anything was found."""
        if self._found:
            raise ConfigErrors(self.problems)


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid name that `word` was probably meant to be, or None."""
    by_folded = {name.casefold(): name for name in valid}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None


def report(errors: ConfigErrors | None) -> list[str]:
    """The lines that ``headgate check`` prints: one a problem and a count, or that all is well."""
    if errors is None:
        return ["the configuration is valid"]
    count = len(errors.problems)
    return [*map(str, errors.problems), f"{count} problem{'' if count == 1 else 's'}"]
