"""``python -m bench.report [FILE]``: a run written into docs/performance.md, with its plots.

Without a file the newest whole run is taken. What stands outside of the two marks is left alone.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bench.bars import judge
from bench.plots import Line, bars, number_of
from bench.proxies import GATEWAY
from bench.results import FOLDER, Run, load
from bench.scenarios.table import EVERYBODY

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"
IMAGES = DOCS / "images"
_QUIET = 3.0
"""Load average above which somebody else was at work: the run keeps two cores busy."""
BEGIN, END = "<!-- figures: python -m bench.report -->", "<!-- /figures -->"


class Row(msgspec.Struct, frozen=True):
    """A line of a table: a figure of a scenario for everybody."""

    title: str
    scenario: str
    figure: str


TABLES: Mapping[str, Sequence[Row]] = {
    "Processor time, µs": (
        Row("small JSON", "small_json", "cpu_us"),
        Row("small JSON, TLS to the backend", "tls_json", "cpu_us"),
        Row("prompt of 1,000 tokens", "prompt_1k", "cpu_us"),
        Row("prompt of 10,000 tokens", "prompt_10k", "cpu_us"),
        Row("prompt of 100,000 tokens", "prompt_100k", "cpu_us"),
        Row("relayed chunk", "relayed_chunk", "cpu_us"),
        Row("relayed chunk, TLS to the backend", "tls_chunk", "cpu_us"),
        Row("translated chunk (`messages` from `chat`)", "translated_chunk", "cpu_us"),
        Row("relayed chunk under the policy `redact`", "policy_chunk", "cpu_us"),
    ),
    "Requests a second on one core": (
        Row("small JSON", "small_json", "per_s"),
        Row("prompt of 100,000 tokens", "prompt_100k", "per_s"),
    ),
    "Added waits, ms": (
        Row("first event, one stream, p50", "first_event", "added_p50_ms"),
        Row("first event, one stream, p99", "first_event", "added_p99_ms"),
        Row("gap between chunks at half load, p99", "chunk_gap", "added_p99_ms"),
        Row("small requests beside 100,000 tokens, p99", "beside_long", "added_p99_ms"),
    ),
    "Longest that a chunk was held, ms": (
        Row("1 stream", "streams_1", "longest_ms"),
        Row("100 streams", "streams_100", "longest_ms"),
        Row("1,000 streams", "streams_1000", "longest_ms"),
        Row("5,000 streams", "streams_5000", "longest_ms"),
    ),
    "Memory": (
        Row("idle, MB", "memory", "idle_mb"),
        Row("after 1,000 streams and many requests, MB", "memory", "loaded_mb"),
        Row("three seconds later, MB", "memory", "recovered_mb"),
        Row("a silent stream, KB", "memory", "silent_stream_kb"),
        Row("one of 1,000 streams, KB", "streams_1000", "kb_each"),
        Row("one of 5,000 streams, KB", "streams_5000", "kb_each"),
    ),
    "Start to first answer, s": (
        Row("new", "start", "first_answer_s"),
        Row("again, with its data", "start", "again_s"),
    ),
}

PLOTS: Mapping[str, tuple[str, str, str, str]] = {
    "json": ("Processor time of a small JSON request", "µs", "small_json", "cpu_us"),
    "chunk": ("Processor time of a relayed chunk", "µs", "relayed_chunk", "cpu_us"),
    "first-event": ("Added time to the first event, median", "ms", "first_event", "added_p50_ms"),
    "streams": ("Memory of one of 1,000 streams", "KB", "streams_1000", "kb_each"),
}


def main(arguments: Sequence[str]) -> None:
    """Writes page and plots."""
    path = Path(arguments[0]) if arguments else newest()
    run = load(path)
    IMAGES.mkdir(exist_ok=True)
    for name, plot in PLOTS.items():
        drawn = plotted(run, *plot)
        if drawn:
            (IMAGES / f"bench-{name}.svg").write_text(drawn, "utf-8")
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    told = "\n".join(figures(run, path.name))
    PAGE.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", "utf-8")
    sys.stdout.write(f"{PAGE} from {path.name}\n")


def newest() -> Path:
    """The newest whole run. Exits where there is none."""
    found = sorted(FOLDER.glob("*-full.json"))
    if not found:
        sys.exit("bench: there is no whole run yet; make bench makes one")
    return found[-1]


def plotted(run: Run, title: str, unit: str, scenario: str, figure: str) -> str:
    """A chart of one figure; empty where nobody has it."""
    spans = [(name, run.figure(scenario, name, figure)) for name in EVERYBODY]
    lines = [Line(name, span, name == GATEWAY) for name, span in spans if span]
    return bars(title, unit, lines) if lines else ""


def figures(run: Run, name: str) -> list[str]:
    """Everything that the page says of a run, as Markdown."""
    lines = [*_bars(run), ""]
    lines += [f"![{plot[0]}](images/bench-{key}.svg)\n" for key, plot in PLOTS.items()]
    for title, rows in TABLES.items():
        lines += [f"### {title}", "", *_table(run, rows), ""]
    return [*lines, *_notes(run), "", *_circumstances(run, name)]


def _bars(run: Run) -> list[str]:
    lines = ["| bar | must be | was | |", "|---|---|---|---|"]
    lines += [f"| {one.title} | {one.bar} | {one.value} | {one.verdict} |" for one in judge(run)]
    return lines


def _table(run: Run, rows: Sequence[Row]) -> list[str]:
    lines = [f"| | {' | '.join(EVERYBODY)} |", "|---" * (len(EVERYBODY) + 1) + "|"]
    for row in rows:
        cells = (_cell(run, row, name) for name in EVERYBODY)
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return lines


def _cell(run: Run, row: Row, name: str) -> str:
    span = run.figure(row.scenario, name, row.figure)
    if span is None:
        return "–"
    if span.low == span.high:
        return number_of(span.median)
    return f"{number_of(span.median)} ({number_of(span.low)} to {number_of(span.high)})"


def _notes(run: Run) -> list[str]:
    """Why a figure is missing."""
    lines = [
        f"- `{scenario}`, {name}: {why}"
        for scenario, played in run.scenarios.items()
        for name, why in played.not_measured.items()
    ]
    return ["Not measured, or not in every round:", "", *lines] if lines else []


def _circumstances(run: Run, name: str) -> list[str]:
    told = {**run.machine, **run.versions, **run.peers}
    least, most = min(run.load_average), max(run.load_average)
    busy = "; others used the machine too, so waits are noisy" if most > _QUIET else ""
    return [
        f"Run of {run.at}, commit {run.commit or 'unknown'}, {run.seconds:.0f} s, "
        f"`bench/results/{name}`. Load average during it: {least} to {most}{busy}.",
        "",
        "; ".join(f"{key} {value}" for key, value in told.items() if value) + ".",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
