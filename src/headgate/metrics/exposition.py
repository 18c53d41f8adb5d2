"""Metrics as text for Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format, version 0.0.4.
"""

import math
from collections.abc import Iterable, Iterator

from headgate.metrics.family import Family, Labels, Row
from headgate.metrics.sample import Gauge

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_VALUE = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP = str.maketrans({"\\": "\\\\", "\n": "\\n"})


def written(families: Iterable[Family], gauges: Iterable[Gauge]) -> bytes:
    """All of them; a family without a row is left out."""
    lines: list[str] = []
    for family in families:
        if family.rows:
            lines += _head(family)
            lines += _rows(family)
    for gauge in gauges:
        if gauge.values:
            lines += _head(gauge)
            lines += (
                f"{gauge.name}{_labels(gauge.labels, values)} {_number(value)}"
                for values, value in gauge.values
            )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _head(metric: Family | Gauge) -> tuple[str, str]:
    return (
        f"# HELP {metric.name} {metric.help.translate(_HELP)}",
        f"# TYPE {metric.name} {metric.kind}",
    )


def _rows(family: Family) -> Iterator[str]:
    for values, row in family.rows.items():
        if family.kind == "histogram":
            yield from _histogram(family, values, row)
        else:
            yield f"{family.name}{_labels(family.labels, values)} {_number(row[0])}"


def _histogram(family: Family, values: Labels, row: Row) -> Iterator[str]:
    names = (*family.labels, "le")
    count = 0.0
    for bound, number in zip((*family.bounds, math.inf), row, strict=False):
        count += number
        place = _labels(names, (*values, _number(bound)))
        yield f"{family.name}_bucket{place} {_number(count)}"
    place = _labels(family.labels, values)
    yield f"{family.name}_sum{place} {_number(row[-1])}"
    yield f"{family.name}_count{place} {_number(count)}"


def _labels(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    pairs = zip(names, values, strict=True)
    return "{" + ",".join(f'{name}="{value.translate(_VALUE)}"' for name, value in pairs) + "}"


def _number(value: float) -> str:
    if value == math.inf:
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
