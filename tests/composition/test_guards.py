"""Which chain is in force, and that nothing of it is loaded where there is none."""

import subprocess
import sys
from typing import Any

import pytest

from headgate.composition.guards import Guards, check_entry
from headgate.config import Config, ConfigErrors
from headgate.config.schema import PolicySettings
from headgate.model.directory import Directory, PolicyRow
from headgate.model.fault import Refused
from headgate.pipeline.guard import no_guard
from headgate.policies.occasion import Occasion
from headgate.policies.rehearsal import Trial
from tests.pipeline.fakes import FakeUpstream, Scene
from tests.policies.drive import request

BLOCK: dict[str, Any] = {"policy": "block", "words": ["hi"], "apply_to": ["request"]}


def config(*chain: dict[str, Any], source: Any = "file") -> Config:
    return Config(policies=PolicySettings(source=source, chain=chain))


def row(position: int, entry: dict[str, Any], is_active: bool = True) -> PolicyRow:
    return PolicyRow(id=f"p{position}", position=position, entry=entry, is_active=is_active)


async def refuses(settings: Config, directory: Directory) -> str:
    """Which policy refuses a greeting; "" where none does."""
    scene = Scene()
    guard = Guards(scene.gateway, FakeUpstream()).of(settings, directory, "file.yaml")(
        scene.exchange
    )
    if guard is None:
        return ""
    try:
        await guard.request(request("hi"))
    except Refused as refusal:
        return refusal.fault.message
    return ""


async def test_the_file_s_chain_is_in_force_unless_it_says_otherwise() -> None:
    rows = Directory(policies=(row(0, {**BLOCK, "name": "of the database"}),))
    mine = {**BLOCK, "name": "of the file"}
    assert "'of the file'" in await refuses(config(mine), rows)
    assert "'of the database'" in await refuses(config(source="database"), rows)
    assert await refuses(config(), Directory()) == ""


async def test_rows_count_in_their_order_and_only_where_they_are_active() -> None:
    rows = (
        row(2, {**BLOCK, "name": "last"}),
        row(1, {**BLOCK, "name": "first"}),
        row(0, {**BLOCK, "name": "off"}, is_active=False),
    )
    message = await refuses(config(source="database"), Directory(policies=rows))
    assert "'first'" in message


@pytest.mark.parametrize("source", ["file", "database"])
async def test_a_chain_that_cannot_be_used_is_said_with_its_place(source: str) -> None:
    bad = {"policy": "redcat"}
    with pytest.raises(ConfigErrors) as caught:
        await refuses(config(bad, source=source), Directory(policies=(row(0, bad),)))
    (problem,) = caught.value.problems
    assert problem.file == ("file.yaml" if source == "file" else "the database")


async def test_without_a_policy_there_is_no_guard() -> None:
    guards = Guards(Scene().gateway, FakeUpstream())
    assert guards.of(config(), Directory(), "file.yaml") is no_guard


async def test_samples_can_be_tried_where_no_policy_is_in_force() -> None:
    try_out = Guards(Scene().gateway, FakeUpstream()).rehearsing()
    trial = Trial(occasion=Occasion(), request=request("hi"), entries=(BLOCK,))
    assert (await try_out(trial)).fault is not None


def test_an_entry_is_checked_by_itself() -> None:
    assert not list(check_entry(BLOCK))
    (problem,) = check_entry({"policy": "redcat"})
    assert "redact" in problem


def test_who_has_no_policy_does_not_load_their_machinery() -> None:
    look = "import sys, headgate.cli; sys.exit('headgate.policies.chain' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
