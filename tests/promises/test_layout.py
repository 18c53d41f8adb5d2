import re

from tests.promises.tree import ROOT, SOURCE

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")


def test_the_layout_in_the_architecture_is_the_tree() -> None:
    block = ARCHITECTURE.split("```\nsrc/headgate/\n")[1].split("```")[0]
    told = set(re.findall(r"^  (\S+)", block, re.MULTILINE))
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in SOURCE.iterdir()
        if not path.name.startswith("__") and path.name != "py.typed"
    }
    assert told == there


def test_the_architecture_can_be_read_in_one_sitting() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 200
