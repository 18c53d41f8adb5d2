"""What was measured, as a table to read."""

from collections.abc import Sequence

from headgate.bench.measure import CROWD, Times

_HEAD = ("", "", "direct", "through", "added", "ratio")
_LEFT = 2
"""Columns of words."""


def table(direct: Times, through: Times) -> list[str]:
    """Lines of text: both ways side by side, what the gateway adds, and how many times it is."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for title, name in (
        ("JSON answer", "whole_s"),
        ("stream, first event", "first_s"),
        ("stream, between events", "gaps_s"),
    ):
        ways: tuple[list[float], list[float]] = (getattr(direct, name), getattr(through, name))
        rows.append((title, "p50", *_compared(ways, 0.5)))
        rows.append(("", "p99", *_compared(ways, 0.99)))
    rates = (f"{direct.per_s:,.0f}", f"{through.per_s:,.0f}")
    rows.append(
        (
            f"requests a second, {CROWD} at a time",
            "",
            *rates,
            "",
            _ratio(direct.per_s, through.per_s),
        )
    )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [_line(row, widths) for row in rows]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed; zero of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _compared(ways: tuple[list[float], list[float]], share: float) -> tuple[str, str, str, str]:
    direct, through = (quantile(way, share) * 1e3 for way in ways)
    cells = (f"{direct:.2f} ms", f"{through:.2f} ms", f"{through - direct:+.2f} ms")
    return (*cells, _ratio(direct, through))


def _ratio(direct: float, through: float) -> str:
    return f"{through / direct:.2f} x" if direct else "-"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column < _LEFT else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
