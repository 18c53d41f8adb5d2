"""From a run to verdicts, a page and plots."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import report
from bench.bars import judge
from bench.results import Played, Run, load, over, save
from bench.scenarios.table import SCENARIOS


def run(**scenarios: dict[str, list[dict[str, float]]]) -> Run:
    played = {
        name: Played(title=name, measured={peer: over(rounds) for peer, rounds in peers.items()})
        for name, peers in scenarios.items()
    }
    return Run(
        at="2026-01-02T03:04:05+00:00",
        commit="abc",
        quick=False,
        seconds=1.0,
        machine={"processor": "one <fast>"},
        versions={"headgate": "1"},
        peers={"portkey": "missing: no npm"},
        load_average=[0.5, 9.0],
        scenarios=played,
    )


FULL = run(
    small_json={
        "headgate": [{"cpu_us": 60.0}, {"cpu_us": 50.0}, {"cpu_us": 40.0}],
        "nginx": [{"cpu_us": 20.0}],
    },
    relayed_chunk={"headgate": [{"cpu_us": 18.0}], "nginx": [{"cpu_us": 10.0}]},
)


def test_a_bar_is_passed_missed_or_not_measured() -> None:
    verdicts = {one.title: one.verdict for one in judge(FULL)}
    assert verdicts["small JSON, CPU against nginx"] == "pass"
    assert verdicts["relayed chunk, CPU against nginx"] == "missed"
    assert verdicts["small JSON, CPU of LiteLLM against ours"] == "not measured"
    assert verdicts["idle memory"] == "not measured"


def test_a_figure_is_the_median_of_its_rounds_with_their_spread() -> None:
    span = FULL.figure("small_json", "headgate", "cpu_us")
    assert span is not None
    assert (span.median, span.low, span.high) == (50.0, 40.0, 60.0)
    assert FULL.figure("small_json", "nobody", "cpu_us") is None
    assert FULL.figure("nothing", "headgate", "cpu_us") is None


def test_a_peer_that_must_be_slower_is_judged_the_other_way() -> None:
    peers = {"headgate": [{"cpu_us": 50.0}], "litellm": [{"cpu_us": 5000.0}]}
    verdicts = {one.title: one.verdict for one in judge(run(small_json=peers))}
    assert verdicts["small JSON, CPU of LiteLLM against ours"] == "pass"


def test_a_run_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.results.FOLDER", tmp_path)
    path = save(FULL, "full")
    assert path.name == "2026-01-02-full.json"
    assert load(path) == FULL


def test_what_stands_around_the_figures_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n{report.BEGIN}\nlast year's\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "IMAGES", tmp_path / "images")
    monkeypatch.setattr("bench.results.FOLDER", tmp_path)
    for _ in range(2):
        report.main([str(save(FULL, "full"))])
    told = page.read_text()
    assert told.startswith(f"# Before\n{report.BEGIN}\n")
    assert told.endswith(f"{report.END}\nafter\n")
    assert "last year" not in told
    assert "| small JSON, CPU against nginx | ≤ 3.5 × | 2.5 × | pass |" in told
    assert "50 (40 to 60)" in told
    assert "missing: no npm" in told
    assert "others used the machine" in told
    assert capsys.readouterr().out.endswith("2026-01-02-full.json\n")
    assert {path.name for path in (tmp_path / "images").iterdir()} == {
        "bench-json.svg",
        "bench-chunk.svg",
    }


def test_a_plot_is_well_formed_and_names_everybody() -> None:
    drawn = report.plotted(FULL, "A <title>", "µs", "small_json", "cpu_us")
    texts = [one.text for one in ElementTree.fromstring(drawn).iter() if one.text]
    assert {"A <title>", "headgate", "nginx", "50 µs", "20 µs"} <= set(texts)
    assert report.plotted(FULL, "None", "µs", "small_json", "nothing") == ""


def test_every_figure_of_the_page_is_of_a_scenario() -> None:
    names = {one.name for one in SCENARIOS}
    rows = [row for rows in report.TABLES.values() for row in rows]
    assert {row.scenario for row in rows} <= names
    assert {plot[2] for plot in report.PLOTS.values()} <= names
