"""The bars: what the gateway must reach, beside its peers in the same run."""

import operator
from collections.abc import Callable

import msgspec

from bench.results import Run


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar. ``value`` reads it off a run, None where it was not measured; ``holds`` compares
    that with ``limit``."""

    title: str
    limit: float
    unit: str
    value: Callable[[Run], float | None]
    holds: Callable[[float, float], bool] = operator.le


class Verdict(msgspec.Struct, frozen=True):
    """A bar against a run."""

    title: str
    bar: str
    value: str
    verdict: str


def judge(run: Run) -> list[Verdict]:
    """Every bar; what was not measured says so."""
    return [_judge(bar, run) for bar in BARS]


def _judge(bar: Bar, run: Run) -> Verdict:
    value = bar.value(run)
    sign = "≥" if bar.holds is operator.ge else "≤"
    limit = f"{sign} {bar.limit:g} {bar.unit}"
    if value is None:
        return Verdict(bar.title, limit, "–", "not measured")
    word = "pass" if bar.holds(value, bar.limit) else "missed"
    return Verdict(bar.title, limit, f"{value:.3g} {bar.unit}", word)


def _own(scenario: str, figure: str) -> Callable[[Run], float | None]:
    def read(run: Run) -> float | None:
        span = run.figure(scenario, "headgate", figure)
        return span.median if span else None

    return read


def _worst(scenario: str, figure: str) -> Callable[[Run], float | None]:
    def read(run: Run) -> float | None:
        span = run.figure(scenario, "headgate", figure)
        return span.high if span else None

    return read


def _ratio(above: tuple[str, str], below: tuple[str, str]) -> Callable[[Run], float | None]:
    """Processor time of one (scenario, peer) over that of another."""

    def read(run: Run) -> float | None:
        over, under = (run.figure(*one, "cpu_us") for one in (above, below))
        return over.median / under.median if over and under else None

    return read


_JSON, _CHUNK = ("small_json", "headgate"), ("relayed_chunk", "headgate")
_CHUNK_NGINX = ("relayed_chunk", "nginx")

BARS = (
    Bar(
        title="small JSON, CPU against nginx",
        limit=3.5,
        unit="×",
        value=_ratio(_JSON, ("small_json", "nginx")),
    ),
    Bar(
        title="small JSON, CPU of LiteLLM against ours",
        limit=100,
        unit="×",
        value=_ratio(("small_json", "litellm"), _JSON),
        holds=operator.ge,
    ),
    Bar(
        title="small JSON, CPU of Portkey against ours",
        limit=8,
        unit="×",
        value=_ratio(("small_json", "portkey"), _JSON),
        holds=operator.ge,
    ),
    Bar(
        title="relayed chunk, CPU against nginx",
        limit=1.7,
        unit="×",
        value=_ratio(_CHUNK, _CHUNK_NGINX),
    ),
    Bar(
        title="translated chunk, CPU against nginx's relayed one",
        limit=3,
        unit="×",
        value=_ratio(("translated_chunk", "headgate"), _CHUNK_NGINX),
    ),
    Bar(
        title="added time to first event, p50",
        limit=0.3,
        unit="ms",
        value=_own("first_event", "added_p50_ms"),
    ),
    Bar(
        title="added time to first event, p99",
        limit=1,
        unit="ms",
        value=_own("first_event", "added_p99_ms"),
    ),
    Bar(
        title="added gap between chunks at half load, p99",
        limit=1,
        unit="ms",
        value=_own("chunk_gap", "added_p99_ms"),
    ),
    Bar(
        title="5,000 streams, longest that a chunk was held",
        limit=100,
        unit="ms",
        value=_worst("streams_5000", "longest_ms"),
    ),
    Bar(
        title="5,000 streams, memory each",
        limit=60,
        unit="KB",
        value=_worst("streams_5000", "kb_each"),
    ),
    Bar(title="idle memory", limit=60, unit="MB", value=_own("start", "idle_mb")),
    Bar(
        title="start to first answer, new data folder",
        limit=0.7,
        unit="s",
        value=_own("start", "first_answer_s"),
    ),
    Bar(
        title="two workers against one",
        limit=1.8,
        unit="×",
        value=_own("workers", "ratio"),
        holds=operator.ge,
    ),
)
