"""The guide's examples work as they stand."""

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.model.fault import Fault, Refused
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import unfold
from headgate.policies.chain import check_entry, compile_chain
from headgate.policies.environment import Environment
from headgate.policies.running import Running
from tests.policies.drive import OCCASION, cut, reply, request, run, stream, whole

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE, re.DOTALL)
EXAMPLES = [text for language, text in BLOCKS if language == "python"]


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("guide_examples")
    for text in EXAMPLES:
        exec(compile(text, "docs/policies.md", "exec"), module.__dict__)  # noqa: S102 - our own
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def opened(name: str, **keys: Any) -> Running:
    chain = compile_chain([{"policy": f"guide_examples:{name}", **keys}], Environment())
    running = chain.opens(OCCASION)
    assert running is not None
    return running


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "yaml"])
def test_every_chain_in_the_guide_is_valid(text: str) -> None:
    read = yaml.safe_load(text)
    entries = read if isinstance(read, list) else read["policies"]["chain"]
    assert [problem for entry in entries for problem in check_entry(entry)] == []


@pytest.mark.usefixtures("examples")
def test_the_first_refuses_shouting() -> None:
    running = opened("NoShouting", most=5)
    given = request("calm words")
    assert run(running.request(given)) is given
    with pytest.raises(Refused, match="please do not shout"):
        run(running.request(request("LOUD WORDS")))


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("seed", range(10))
def test_the_second_replaces_a_word_wherever_it_is_cut(seed: int) -> None:
    given = reply(Text("a colour, two colours, col and colo"))
    keys = {"old": "colour", "new": "color"}
    expected = reply(Text("a color, two colors, col and colo"))
    assert run(stream(opened("Replace", **keys), cut(unfold(given), seed))).reply == expected
    assert run(whole(opened("Replace", **keys), given)) == expected


@pytest.mark.usefixtures("examples")
def test_the_third_answers_changes_and_drops_commands() -> None:
    commands = ("ls", "pip install x", "sudo ls", "rm -rf /")
    calls = [ToolCall(str(n), "bash", f'{{"command": "{c}"}}') for n, c in enumerate(commands)]
    streamed = run(stream(opened("SafeShell"), cut(unfold(reply(*calls)), 1))).reply
    assert streamed.choices[0].parts == (
        Text("I may not delete files that way."),
        calls[0],
        ToolCall("1", "bash", '{"command": "uv pip install x"}'),
    )


@pytest.mark.usefixtures("examples")
def test_the_fourth_is_asked_about_each_window() -> None:
    fine = reply(Text("words " * 100))
    assert run(stream(opened("Reviewed"), cut(unfold(fine), 1))).reply == fine
    bad = run(stream(opened("Reviewed"), cut(unfold(reply(Text("x" * 200 + "bluebird"))), 1)))
    assert bad.text == "x" * 200
    assert bad.fault is not None


def test_the_fifth_counts_and_refuses_nothing_at_all(examples: types.ModuleType) -> None:
    running = opened("Finished")
    assert run(whole(running, reply(Text("a")))) == reply(Text("a"))
    running.end("complete")
    assert running.reports[0].findings == {"end": 1}
    assert examples.Finished.ended == ["complete"]
    assert isinstance(run(whole(opened("Finished"), reply())), Fault)
