"""Figures of this moment: read when they are asked for, and not counted along the way."""

import msgspec

from headgate.metrics.family import Kind, Labels


class Gauge(msgspec.Struct, frozen=True):
    """A name with a value for each set of label values. ``kind`` is a counter where it is kept by
    somebody else, like the processor time of a process."""

    name: str
    help: str
    labels: Labels
    values: tuple[tuple[Labels, float], ...]
    kind: Kind = "gauge"


def alone(name: str, help: str, value: float, kind: Kind = "gauge") -> Gauge:  # noqa: A002
    """A gauge without labels."""
    return Gauge(name, help, (), (((), float(value)),), kind)
