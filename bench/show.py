"""A run as text for a terminal."""

from bench.bars import judge
from bench.results import Played, Run, Span


def shown(run: Run) -> str:
    """Every scenario as a table of figures."""
    lines = [
        f"\nload average {min(run.load_average)} to {max(run.load_average)}, {run.seconds:.0f} s"
    ]
    for name, played in run.scenarios.items():
        lines += ["", f"{name}: {played.title} ({played.seconds:.0f} s)", *_table(played)]
    lines += ["", *_bars(run)]
    return "\n".join(lines) + "\n"


def _bars(run: Run) -> list[str]:
    verdicts = judge(run)
    return [f"{one.verdict:<13} {one.title:<52} {one.value:>9}  {one.bar}" for one in verdicts]


def _table(played: Played) -> list[str]:
    names = list({name: None for one in played.measured.values() for name in one.figures})
    width = max([len(name) for name in names] + [12]) + 2
    lines = ["  " + "".join([" " * 18, *(name.rjust(width) for name in names)])]
    for peer, measured in played.measured.items():
        cells = (_cell(measured.figures.get(name)).rjust(width) for name in names)
        lines.append("  " + peer.ljust(18) + "".join(cells))
    lines += [f"  {peer.ljust(18)}not measured: {why}" for peer, why in played.not_measured.items()]
    return lines


def _cell(span: Span | None) -> str:
    return "-" if span is None else _number(span.median)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
