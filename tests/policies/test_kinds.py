import re
from pathlib import Path

import pytest

from headgate.policies.keys import EntryKeys, PolicyKeys, PythonKeys
from headgate.policies.kinds import KINDS

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text("utf-8")


def test_guards_are_closed_and_decoration_is_open() -> None:
    assert {name for name, kind in KINDS.items() if kind.on_error == "open"} == {
        "inject_system",
        "header",
        "tag",
        "log_only",
    }


@pytest.mark.parametrize("name", KINDS)
def test_every_built_in_policy_and_each_of_its_keys_is_in_the_guide(name: str) -> None:
    section = GUIDE.split(f"\n### `{name}`")[1].split("\n### ")[0].split("\n## ")[0]
    own = set(KINDS[name].keys.__struct_encode_fields__)
    common = {*PolicyKeys.__struct_fields__, "max_hold", "lookback", "deadline"}
    told = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert told >= own - common
    assert told <= own


def test_the_keys_of_every_entry_are_in_the_guide() -> None:
    section = GUIDE.split("\n## The keys of every entry")[1].split("\n## ")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert told >= {*EntryKeys.__struct_fields__, *PythonKeys.__struct_fields__}
