"""A reader of Prometheus's text format that takes nothing but what the format's page allows."""

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
_HEAD = re.compile(rf"# (HELP|TYPE) ({_NAME}) (.*)")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_KINDS = frozenset(("counter", "gauge", "histogram"))
_UNESCAPED = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}

Labels = tuple[tuple[str, str], ...]


@dataclass
class Metric:
    """One family as it was read."""

    kind: str = ""
    help: str = ""
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)

    def value(self, suffix: str = "", **labels: str) -> float:
        """The sum over all samples that have these labels."""
        return sum(
            value
            for (name, found), value in self.samples.items()
            if name.endswith(suffix) and labels.items() <= dict(found).items()
        )


def parse(text: str) -> dict[str, Metric]:
    """The families by name. Asserts that each stands in one piece, its head first, its series
    once, and that a histogram's buckets grow up to its count."""
    assert text.endswith("\n")
    metrics: dict[str, Metric] = {}
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        head = _HEAD.fullmatch(line)
        if head is None:
            _take_sample(metrics, current, line)
            continue
        word, name, rest = head.groups()
        if word == "HELP":
            assert name not in metrics, f"{name} stands twice"
            current, metrics[name] = name, Metric(help=rest)
        else:
            assert name == current
            assert rest in _KINDS
            metrics[name].kind = rest
    for name, metric in metrics.items():
        _check(name, metric)
    return metrics


def _take_sample(metrics: dict[str, Metric], current: str, line: str) -> None:
    found = _SAMPLE.fullmatch(line)
    assert found is not None, line
    name, labels, number = found[1], found[2], found[found.re.groups]
    metric = metrics[current]
    allowed = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
    assert name in {current + suffix for suffix in allowed}, line
    pairs = tuple((key, _unescaped(value)) for key, value in re.findall(_LABEL, labels or ""))
    assert len(dict(pairs)) == len(pairs), line
    assert (name, pairs) not in metric.samples, f"{line} stands twice"
    metric.samples[name, pairs] = float(number)


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda found: _UNESCAPED[found[0]], text)


def _check(name: str, metric: Metric) -> None:
    assert metric.samples, name
    assert metric.kind, name
    if metric.kind == "counter":
        assert name.endswith("_total")
        assert all(value >= 0 for value in metric.samples.values())
    if metric.kind != "histogram":
        return
    series: dict[Labels, list[tuple[float, float]]] = {}
    for (sample, pairs), value in metric.samples.items():
        if sample.endswith("_bucket"):
            assert pairs[-1][0] == "le"
            series.setdefault(pairs[:-1], []).append((float(pairs[-1][1]), value))
    for pairs, buckets in series.items():
        assert buckets == sorted(buckets)
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1] == (float("inf"), metric.samples[f"{name}_count", pairs])
        assert (f"{name}_sum", pairs) in metric.samples
