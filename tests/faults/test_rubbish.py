"""What an exchange leaves behind: nothing that only the cyclic collector could clear away."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import DIALECTS, ask, question
from tests.faults.process import until
from tests.faults.serving import over

COUNTING = """
import gc, os, pathlib, signal

def begin(*_):
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    tell("begun")

def end(*_):
    gc.collect()
    gc.set_debug(0)
    names = {f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.garbage}
    gc.garbage.clear()
    tell("\\n".join(["ended", *sorted(name for name in names if name.startswith("headgate."))]))

def tell(text):
    told = pathlib.Path(os.environ["RUBBISH"])
    whole = told.with_suffix(".whole")
    whole.write_text(text)
    whole.rename(told)

signal.signal(signal.SIGUSR1, begin)
signal.signal(signal.SIGUSR2, end)

from headgate.cli import main
main()
"""
REDACTING = {
    "source": "file",
    "chain": [
        {
            "policy": "redact",
            "apply_to": ["request", "response"],
            "regexes": {"greeting": "Hello"},
            "patterns": [],
        }
    ],
}


class Watched:
    """A gateway that says which of its own objects were left to the collector."""

    def __init__(self, gateway: Gateway, told: Path) -> None:
        self.url = gateway.url
        self._pid = gateway.pid
        self._told = told

    def begin(self) -> None:
        self._ask(signal.SIGUSR1)

    def rubbish(self) -> list[str]:
        return self._ask(signal.SIGUSR2)[1:]

    def _ask(self, number: signal.Signals) -> list[str]:
        os.kill(self._pid, number)
        until(self._told.exists)
        lines = self._told.read_text().splitlines()
        self._told.unlink()
        return lines


@pytest.fixture(scope="module", params=[None, REDACTING], ids=["plain", "policies"])
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    told = tmp_path_factory.mktemp("rubbish") / "told"
    with ScriptedUpstream() as upstream:
        config: dict[str, Any] = over(upstream.url)
        if request.param is not None:
            config["policies"] = request.param
        program = (sys.executable, "-c", COUNTING)
        with Gateway(config, env={"RUBBISH": str(told)}, program=program) as gateway:
            yield Watched(gateway, told)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("backend", ["chat", "messages", "responses", "gemini"])
@pytest.mark.parametrize("caller", DIALECTS)
def test_an_exchange_leaves_nothing_to_the_collector(
    watched: Watched, caller: str, backend: str, stream: bool
) -> None:
    body = question(caller, backend, stream)
    assert ask(watched.url, caller, body).status == 200  # what is made once is there now
    watched.begin()
    for _ in range(3):
        assert ask(watched.url, caller, body).status == 200
    assert watched.rubbish() == []
