"""Clients that run in a program of their own and are asked in lines of JSON."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.answers import ANSWERS, PARALLEL, RESULTS, TEXT, Scripted, payloads
from tests.clients.received import tool_turns
from tests.clients.serving import KEY

FIRST = msgspec.structs.replace(ANSWERS["everything"], id="first")
"""What the first turn of a conversation says; the second says `TEXT`."""


class Driver:
    """A program that answers ``{"client", "url", "key", "model", "results"}`` with the turns of a
    conversation, ``[{"text", "thought", "calls": [[name, arguments]], "input", "output"}]``, or
    with ``{"error": words}``."""

    def __init__(self, command: Sequence[str | Path], folder: Path, **env: str) -> None:
        self._process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, client: str, gateway: Gateway, model: str) -> Any:
        """What `client` makes of a conversation with `model`."""
        asked = {"client": client, "url": gateway.url, "key": KEY, "model": model}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        tools = [call.name for call in PARALLEL.calls]
        results = dict(zip(tools, RESULTS.values(), strict=True))
        self._process.stdin.write(json.dumps({**asked, "results": results}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the program of {client} ended"
        return json.loads(line)

    def __enter__(self) -> Self:
        """It runs since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()


def check_conversation(
    driver: Driver,
    client: str,
    gateway: Gateway,
    upstream: ScriptedUpstream,
    backend: str,
    shows_thoughts: bool = True,
) -> None:
    """Thought, text, two parallel calls and their results, an answer: all of it arrives, at the
    client and at the backend."""
    turns = (FIRST, TEXT)
    upstream.script(*({"events": payloads(backend, turn)} for turn in turns))
    told = [_told(turn) for turn in turns]
    if not shows_thoughts:
        told = [{**turn, "thought": ""} for turn in told]
    assert driver.ask(client, gateway, backend) == told
    _, last = upstream.requests("POST")
    ran = [(call.name, call.arguments, RESULTS[call.id]) for call in FIRST.calls]
    assert tool_turns(backend, last["body"]) == ran


def check_cut(
    driver: Driver, client: str, gateway: Gateway, upstream: ScriptedUpstream, backend: str
) -> None:
    """A stream that is closed or reset in the middle of its text is an error."""
    events = payloads(backend, TEXT)
    count = next(
        n
        for n, event in enumerate(events, 1)
        if TEXT.text[:5] in json.dumps(event, ensure_ascii=False)
    )
    for script in (
        {"events": events[:count], "no_terminator": True},
        {"events": events, "disconnect_after": count},
    ):
        upstream.script(**script)
        assert "closed the stream before" in driver.ask(client, gateway, backend)["error"]


def _told(answer: Scripted) -> dict[str, Any]:
    return {
        "text": answer.text,
        "thought": answer.thought,
        "calls": [[call.name, dict(call.arguments)] for call in answer.calls],
        "input": answer.counts.input,
        "output": answer.counts.output,
    }
