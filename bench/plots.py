"""Horizontal bars as SVG, written by hand: no library draws this much better."""

import math
from collections.abc import Sequence
from html import escape

import msgspec

from bench.results import Span

_WIDTH, _LABEL, _VALUE, _ROW, _TOP = 720, 190, 130, 34, 58
_ROOM = _WIDTH - _LABEL - _VALUE
_OURS, _THEIRS, _INK, _FAINT = "#2563eb", "#94a3b8", "#0f172a", "#475569"
_FONT = "font-family=\"system-ui, -apple-system, 'Segoe UI', sans-serif\""


class Line(msgspec.Struct, frozen=True):
    """One bar: what it is, how long, whether it is the gateway's."""

    label: str
    span: Span
    ours: bool


def bars(title: str, unit: str, lines: Sequence[Line]) -> str:
    """A chart on a logarithmic scale, since peers differ by hundreds of times; the thin line in
    each bar is the spread over the rounds."""
    height = _TOP + _ROW * len(lines) + 12
    scale = _Scale([one.span for one in lines])
    drawn = [_drawn(number, one, unit, scale) for number, one in enumerate(lines)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            f'role="img" aria-label="{escape(title)}" {_FONT}>',
            f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
            f'<text x="20" y="26" font-size="16" font-weight="600" fill="{_INK}">'
            f"{escape(title)}</text>",
            f'<text x="20" y="44" font-size="12" fill="{_FAINT}">{escape(unit)}, median and '
            "spread of the rounds; logarithmic; shorter is better</text>",
            *drawn,
            "</svg>",
            "",
        ]
    )


class _Scale:
    """From a value to the length of its bar."""

    def __init__(self, spans: Sequence[Span]) -> None:
        positive = [value for span in spans for value in (span.low, span.median) if value > 0]
        self._least = math.log10(min(positive, default=1.0)) - 0.6
        most = math.log10(max([span.high for span in spans if span.high > 0], default=10.0))
        self._decades = max(most - self._least, 0.1)

    def __call__(self, value: float) -> float:
        if value <= 0:
            return 2.0
        return max(2.0, (math.log10(value) - self._least) / self._decades * _ROOM)


def _drawn(number: int, line: Line, unit: str, scale: _Scale) -> str:
    top = _TOP + _ROW * number
    middle = top + _ROW / 2 - 3
    length, low, high = (
        scale(value) for value in (line.span.median, line.span.low, line.span.high)
    )
    end = _LABEL + max(length, high) + 8
    weight = "600" if line.ours else "400"
    return (
        f'<text x="{_LABEL - 10}" y="{middle + 4:.0f}" font-size="13" text-anchor="end" '
        f'font-weight="{weight}" fill="{_INK}">{escape(line.label)}</text>'
        f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_ROW - 8}" rx="3" '
        f'fill="{_OURS if line.ours else _THEIRS}"/>'
        f'<path d="M{_LABEL + low:.1f} {middle:.0f}H{_LABEL + high:.1f}" stroke="{_INK}" '
        'stroke-width="1.5"/>'
        f'<text x="{end:.1f}" y="{middle + 4:.0f}" font-size="13" font-weight="{weight}" '
        f'fill="{_INK}">{number_of(line.span.median)} {escape(unit.split()[0])}</text>'
    )


def number_of(value: float) -> str:
    """Three digits, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
