import asyncio

import pytest

from headgate.policies.keys import EntryRefused
from headgate.policies.patterns.finder import Pattern
from headgate.policies.policy import Refuse
from headgate.policies.scanning import (
    SLICE_CHARACTERS,
    ScanFlow,
    check_regex,
    make_finder,
    scan_whole,
)
from tests.policies.drive import run

FINDER = make_finder([Pattern("word", "abcd")], 100)


def flow() -> ScanFlow:
    return ScanFlow(FINDER, lambda _hit: "#")


def test_what_is_before_a_match_that_refuses_may_still_go_out() -> None:
    refusing = ScanFlow(FINDER, lambda _hit: None, lambda hit: Refuse(hit.text))
    with pytest.raises(Refuse) as refusal:
        refusing.feed("zz abcd")
    assert (refusal.value.why, refusal.value.released) == ("abcd", "zz ")


def test_a_long_text_is_read_in_slices_and_others_have_their_turn() -> None:
    text = ("x" * (SLICE_CHARACTERS - 2) + "abcd") * 3
    turns: list[int] = []

    async def other() -> None:
        for turn in range(3):
            turns.append(turn)
            await asyncio.sleep(0)

    async def both() -> str:
        others = asyncio.create_task(other())
        given = await scan_whole(flow(), text)
        assert turns
        await others
        return given

    assert run(both()) == ("x" * (SLICE_CHARACTERS - 2) + "#") * 3


def test_a_flow_that_scans_waits_for_nobody() -> None:
    scanning = flow()
    scanning.feed("zab")
    assert (scanning.held, scanning.wanting, run(scanning.ask())) == (2, False, "")
    assert scanning.late() == "ab"
    assert flow().raw() == ""


def test_a_regex_that_cannot_be_used_is_refused_under_its_key() -> None:
    with pytest.raises(EntryRefused) as refusal:
        check_regex("regexes.x", "(?=a)")
    assert refusal.value.key_name == "regexes.x"
    with pytest.raises(EntryRefused, match="the patterns together"):
        make_finder([Pattern("a", "(?:a{900}){900}")], 100)
