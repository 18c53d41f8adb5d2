"""A run as a record: what was measured, of what, where, and how busy the machine was."""

import statistics
from pathlib import Path

import msgspec

from bench.scenarios.stage import Sample

FOLDER = Path(__file__).parent / "results"


class Span(msgspec.Struct, frozen=True):
    """One figure over the rounds."""

    median: float
    low: float
    high: float


class Measured(msgspec.Struct, frozen=True):
    """Of one proxy in one scenario: each round as it was, and the figures over them."""

    rounds: list[Sample]
    figures: dict[str, Span]


class Played(msgspec.Struct, kw_only=True):
    """One scenario: by proxy what was measured, or why it was not; how long it took."""

    title: str
    seconds: float = 0.0
    measured: dict[str, Measured] = {}
    not_measured: dict[str, str] = {}


class Run(msgspec.Struct, kw_only=True):
    """Everything. ``load_average`` is the machine's, of a minute, seen after each round: work of
    others shows in it, since the run itself keeps at most two cores busy."""

    at: str
    commit: str
    quick: bool
    seconds: float
    machine: dict[str, str]
    versions: dict[str, str]
    peers: dict[str, str]
    load_average: list[float]
    scenarios: dict[str, Played]

    def figure(self, scenario: str, peer: str, figure: str) -> Span | None:
        """One figure, None where it was not measured."""
        played = self.scenarios.get(scenario)
        measured = played.measured.get(peer) if played else None
        return measured.figures.get(figure) if measured else None


def over(rounds: list[Sample]) -> Measured:
    """The rounds of one proxy together."""
    names = {name: None for one in rounds for name in one}
    figures = {name: _span([one[name] for one in rounds if name in one]) for name in names}
    kept = [{name: round(value, 4) for name, value in one.items()} for one in rounds]
    return Measured(kept, figures)


def save(run: Run, what: str) -> Path:
    """Writes it under `bench/results/`, where a run of the same day and name is replaced."""
    path = FOLDER / f"{run.at[:10]}-{what}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    return path


def load(path: Path) -> Run:
    """A run that was saved."""
    return msgspec.json.decode(path.read_bytes(), type=Run)


def _span(values: list[float]) -> Span:
    return Span(round(statistics.median(values), 4), round(min(values), 4), round(max(values), 4))
