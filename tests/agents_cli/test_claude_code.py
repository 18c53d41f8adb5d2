"""Claude Code at work through a gateway, on backends of every dialect."""

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.agents_cli.conftest import KEY, Serve
from tests.agents_cli.run import run
from tests.clients.answers import BACKENDS, Call, Scripted, payloads
from tests.clients.received import seals, tool_turns

pytestmark = pytest.mark.timeout(900)

MODEL = "mock-1"
"""Also the name that the scripted replies bear: Claude Code gives the thoughts of no other model
back."""
ANSWER = Scripted(text="The note says forty-two.")

every_backend = pytest.mark.parametrize("backend", BACKENDS)


def _ask(programs: Path, home: Path, gateway: Gateway, prompt: str) -> dict[str, Any]:
    """What Claude Code says at its end."""
    command: list[str | Path] = [programs / "claude", "-p", prompt, "--output-format", "json"]
    command += ["--allowedTools", "Bash,Read,Write"]
    env = {
        "ANTHROPIC_BASE_URL": gateway.url,
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "ANTHROPIC_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "aside",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    ran = run(command, home, env)
    assert ran.out, ran.err
    said: dict[str, Any] = json.loads(ran.out)
    assert bool(ran.code) == said["is_error"], said
    return said


@every_backend
def test_a_prompt_is_answered(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    scripted_upstream.script(events=payloads(backend, ANSWER))
    said = _ask(programs, home, serve(backend, MODEL), "What does the note say?")
    assert (said["is_error"], said["result"]) == (False, ANSWER.text)
    usage = said["usage"]
    counts = ANSWER.counts
    assert usage["input_tokens"] + usage["cache_read_input_tokens"] == counts.input
    assert (usage["cache_read_input_tokens"], usage["output_tokens"]) == (
        counts.cached,
        counts.output,
    )
    (request,) = scripted_upstream.requests("POST")
    assert KEY not in json.dumps(request)


@every_backend
def test_tools_are_run_and_their_results_reach_the_backend(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    note, copy = home / "work" / "note.txt", home / "work" / "copy.txt"
    note.write_text("forty-two\n")
    count = Call("call_1", "Bash", {"command": "wc -c < note.txt", "description": "Count"})
    read = Call("call_2", "Read", {"file_path": str(note)})
    write = Call("call_3", "Write", {"file_path": str(copy), "content": "42 – ünïcode\n"})
    first = Scripted(
        id="first", thought="Look first.", seal="c2VhbA==", text="I look.", calls=(count, read)
    )
    turns = [first, Scripted(id="second", calls=(write,)), ANSWER]
    scripted_upstream.script(*({"events": payloads(backend, turn)} for turn in turns))
    said = _ask(programs, home, serve(backend, MODEL), "Copy the note.")
    assert (said["is_error"], said["result"]) == (False, ANSWER.text)
    assert copy.read_text("utf-8") == "42 – ünïcode\n"
    *_, last = scripted_upstream.requests("POST")
    assert len(scripted_upstream.requests("POST")) == len(turns)
    ran = tool_turns(backend, last["body"])
    calls = [count, read, write]
    assert [turn[:2] for turn in ran] == [(call.name, call.arguments) for call in calls]
    results = [result for *_, result in ran]
    assert results[0].strip() == "10"
    assert "forty-two" in results[1]
    assert "copy.txt" in results[2]
    assert (first.seal in seals(backend, last["body"])) == (backend != "chat")


@every_backend
def test_half_an_answer_is_never_taken_for_a_whole_one(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    events = payloads(backend, ANSWER)
    cut = {"events": events[: len(events) - 2], "no_terminator": True}
    scripted_upstream.script(cut, {"events": events, "repeat": 20})
    said = _ask(programs, home, serve(backend, MODEL), "What does the note say?")
    assert said["is_error"] or said["result"] == ANSWER.text
    assert len(scripted_upstream.requests("POST")) > 1 or said["is_error"]
