import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.agents.load import AgentNotLoaded, agent_app, load_agent
from tests.agents.driver import CHAT, Pal, ask, body_for

SOURCE = """
import asyncio

class Pal:
    async def process_direct(self, *, content, **rest):
        await asyncio.sleep(0)
        return content.upper()

def make():
    return Pal()

def broken():
    raise RuntimeError("no token")

def nothing():
    return None

ready = Pal()
number = 7
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "some_agent.py").write_text(SOURCE)
    (tmp_path / "bad_agent.py").write_text("raise OSError('disk on fire')")
    (tmp_path / "needy_agent.py").write_text("import a_module_that_is_not_there")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("some_agent", None)


@pytest.mark.parametrize("attribute", ["make", "Pal", "ready"])
def test_a_factory_a_class_and_an_agent_itself_are_loaded(attribute: str) -> None:
    assert callable(load_agent(f"some_agent:{attribute}").process_direct)


@pytest.mark.parametrize(
    ("dotted", "said"),
    [
        ("some_agent", "must be written package.module:factory"),
        (":make", "must be written package.module:factory"),
        ("some_agent:", "must be written package.module:factory"),
        ("no_such_agent:make", "no module 'no_such_agent'"),
        ("no_such.agent:make", "no module 'no_such'"),
        ("needy_agent:make", "no module 'a_module_that_is_not_there'"),
        ("bad_agent:make", "importing 'bad_agent' failed with OSError: disk on fire"),
        ("some_agent:other", "no 'other' in 'some_agent'"),
        ("some_agent:broken", "its factory failed with RuntimeError: no token"),
        ("some_agent:nothing", "NoneType.* is no agent"),
        ("some_agent:number", "neither an agent nor a factory but a int"),
        ("..some_agent:make", "importing '..some_agent' failed"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(dotted: str, said: str) -> None:
    with pytest.raises(AgentNotLoaded, match=said) as caught:
        load_agent(dotted)
    assert "\n" not in str(caught.value)


async def test_a_loaded_agent_serves_as_an_application() -> None:
    app = agent_app("some_agent:make", "pal")
    answer = await ask(app, CHAT, body_for(CHAT))
    assert answer.json["choices"][0]["message"]["content"] == "HI"


def test_the_driver_is_an_agent_too() -> None:
    assert isinstance(load_agent("tests.agents.driver:Pal"), Pal)
