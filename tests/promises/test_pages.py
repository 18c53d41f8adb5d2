"""What the pages for people name is there."""

import re
from pathlib import Path

import pytest

from tests.promises.tree import ROOT, SOURCE, name_of

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")])
PLACEHOLDERS = {"src/headgate/x/y.py", "tests/x/test_y.py"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``: headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose(page)):
        name, _, anchor = link.partition("#")
        there = page.parent / name if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(link)
    assert not lost


@every_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"`([\w./-]+\.(?:py|md|toml|sql))`", prose(page))) - PLACEHOLDERS
    assert not [name for name in named if not _exists(name, page.parent)]


@every_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    code = re.findall(r"```.*?```|`[^`\n]+`", page.read_text("utf-8"), re.DOTALL)
    named = {target for text in code for target in re.findall(r"\bmake ([a-z-]+)", text)}
    assert named <= TARGETS


def _exists(name: str, beside: Path) -> bool:
    """From the repository's root, the page, the package, or one of the package's folders."""
    folders = [folder for folder in SOURCE.iterdir() if folder.is_dir()]
    return any((folder / name).exists() for folder in (ROOT, beside, SOURCE, *folders))
