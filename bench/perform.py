"""Playing the scenarios, in interleaved rounds, on whoever can be had."""

import inspect
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TextIO

from bench import machine
from bench.connection import Refused
from bench.cores import load_average
from bench.peers import RECIPES
from bench.proxies import GATEWAY, Missing, Site
from bench.results import Played, Run, over
from bench.scenarios.chunks import SLOW
from bench.scenarios.stage import NotMeasured, Sample, Sizes, Stage
from bench.scenarios.table import Scenario

_HOPELESS = (Missing, Refused, OSError)


def perform(
    site: Site, sizes: Sizes, chosen: Sequence[Scenario], peers: Sequence[str], out: TextIO
) -> Run:
    """Plays what is asked for; what cannot be measured is told with its reason."""
    subjects = [GATEWAY, *peers]
    stage = Stage(site, sizes, {name: partial(recipe, site) for name, recipe in RECIPES.items()})
    loads: list[float] = []
    commit = machine.commit()
    try:
        stage.proxy(GATEWAY)  # without it there is nothing to measure
        played = {one.name: _play(one, stage, subjects, loads, out) for one in chosen}
    finally:
        stage.close()
    return Run(
        at="",
        commit=commit,
        quick=False,
        seconds=0.0,
        machine=machine.describe(),
        versions=machine.versions(),
        peers=stage.versions(),
        load_average=loads,
        scenarios=played,
    )


def _play(
    scenario: Scenario, stage: Stage, subjects: list[str], loads: list[float], out: TextIO
) -> Played:
    rounds: dict[str, list[Sample]] = {
        name: [] for name in subjects if name not in scenario.left_out
    }
    failed = {name: why for name, why in scenario.left_out.items() if name in subjects}
    spoiled: dict[str, str] = {}
    began_s = time.monotonic()
    for number in range(min(stage.sizes.rounds, scenario.rounds)):
        for name in rounds:
            if name in failed or (name in SLOW and number >= scenario.slow_rounds):
                continue
            out.write(f"\r{scenario.name} {number + 1} {name:<12}")
            out.flush()
            try:
                proxy = stage.proxy(scenario.recipes.get(name, name))
                rounds[name].append(scenario.play(stage, proxy))
            except NotMeasured as error:
                spoiled[name] = f"round {number + 1}: {error}"
            except _HOPELESS as error:
                failed[name] = str(error) or type(error).__name__
        loads.append(load_average())
    out.write("\r" + " " * 60 + "\r")
    return Played(
        title=_title(scenario.play),
        seconds=round(time.monotonic() - began_s, 1),
        measured={name: over(samples) for name, samples in rounds.items() if samples},
        not_measured=spoiled | failed,
    )


def _title(play: Callable[..., Sample]) -> str:
    told = inspect.getdoc(play) or ""
    return told.partition("\n")[0]
