"""Codex at work through a gateway, on backends of every dialect."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.agents_cli.conftest import KEY, Serve
from tests.agents_cli.run import run
from tests.clients.answers import BACKENDS, Call, Scripted, payloads
from tests.clients.received import seals, tool_turns

pytestmark = pytest.mark.timeout(900)

ANSWER = Scripted(text="The note says forty-two.")
UNKNOWN = "house-model"
"""A model that Codex knows nothing about: it is offered functions, some in a namespace."""
WITH_PATCHES = "gpt-5.5"
"""A model that Codex offers the custom tool ``apply_patch``."""
WITH_SCRIPTS = "gpt-5.6-sol"
"""A model that Codex offers tools in an item of the input, in namespaces, to be run by a script
in the custom tool ``exec``."""

every_backend = pytest.mark.parametrize("backend", BACKENDS)
every_other_backend = pytest.mark.parametrize("backend", ["chat", "messages", "gemini"])


@dataclass(frozen=True)
class Said:
    """The last message of a run, its errors, and the tokens that Codex counted."""

    answer: str
    errors: list[str]
    usage: dict[str, int]


def _ask(programs: Path, home: Path, gateway: Gateway, model: str, prompt: str) -> Said:
    (home / ".codex").mkdir(exist_ok=True)
    (home / ".codex" / "config.toml").write_text(
        f"""
        model = "{model}"
        model_provider = "headgate"
        [model_providers.headgate]
        name = "Headgate"
        base_url = "{gateway.url}/v1"
        env_key = "HEADGATE_KEY"
        wire_api = "responses"
        [analytics]
        enabled = false
        """
    )
    command: list[str | Path] = [programs / "codex", "exec", "--skip-git-repo-check", "--json"]
    ran = run([*command, "-s", "danger-full-access", prompt], home, {"HEADGATE_KEY": KEY})
    assert ran.code == 0, (ran.out, ran.err)
    events = [json.loads(line) for line in ran.out.splitlines()]
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    answers = [item["text"] for item in items if item["type"] == "agent_message"]
    errors = [event["message"] for event in events if event["type"] == "error"]
    return Said(answers[-1], errors, events[-1]["usage"])


def _patch(path: str, line: str) -> str:
    return f"*** Begin Patch\n*** Add File: {path}\n+{line}\n*** End Patch\n"


@every_backend
@pytest.mark.parametrize("model", [UNKNOWN, WITH_PATCHES, WITH_SCRIPTS])
def test_a_prompt_is_answered(
    programs: Path,
    home: Path,
    serve: Serve,
    scripted_upstream: ScriptedUpstream,
    backend: str,
    model: str,
) -> None:
    scripted_upstream.script(events=payloads(backend, ANSWER))
    said = _ask(programs, home, serve(backend, model), model, "What does the note say?")
    assert said.answer == ANSWER.text
    counts = ANSWER.counts
    assert said.usage["input_tokens"] == counts.input
    assert said.usage["cached_input_tokens"] == counts.cached
    assert said.usage["output_tokens"] == counts.output
    assert said.usage["reasoning_output_tokens"] == counts.reasoning
    (request,) = scripted_upstream.requests("POST")
    assert KEY not in json.dumps(request)


@every_backend
def test_commands_are_run_and_their_results_reach_the_backend(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    work = home / "work"
    (work / "note.txt").write_text("forty-two\n")
    count = Call("call_1", "exec_command", {"cmd": "wc -c < note.txt"})
    read = Call("call_2", "exec_command", {"cmd": "cat note.txt"})
    copy = Call("call_3", "exec_command", {"cmd": "printf 'ünïcode' > copy.txt"})
    first = Scripted(
        id="first", thought="Look first.", seal="c2VhbA==", text="I look.", calls=(count, read)
    )
    turns = [first, Scripted(id="second", calls=(copy,)), ANSWER]
    scripted_upstream.script(*({"events": payloads(backend, turn)} for turn in turns))
    said = _ask(programs, home, serve(backend, UNKNOWN), UNKNOWN, "Copy the note.")
    assert (said.answer, said.errors) == (ANSWER.text, [])
    assert (work / "copy.txt").read_text("utf-8") == "ünïcode"
    requests = scripted_upstream.requests("POST")
    assert len(requests) == len(turns)
    ran = tool_turns(backend, requests[-1]["body"])
    assert [turn[:2] for turn in ran] == [(c.name, c.arguments) for c in (count, read, copy)]
    assert "10" in ran[0][2]
    assert "forty-two" in ran[1][2]
    assert (first.seal in seals(backend, requests[-1]["body"])) == (backend != "chat")


@every_other_backend
def test_a_patch_is_a_custom_tool_call(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    look = Call("call_1", "exec_command", {"cmd": "ls"})
    patch = Call("call_2", "apply_patch", {"input": _patch("new.txt", 'a "quoted" \\ line')})
    turns = [Scripted(id="a", calls=(look,)), Scripted(id="b", calls=(patch,)), ANSWER]
    scripted_upstream.script(*({"events": payloads(backend, turn)} for turn in turns))
    said = _ask(programs, home, serve(backend, WITH_PATCHES), WITH_PATCHES, "Write a note.")
    assert (said.answer, said.errors) == (ANSWER.text, [])
    assert (home / "work" / "new.txt").read_text() == 'a "quoted" \\ line\n'
    *_, last = scripted_upstream.requests("POST")
    _, (name, arguments, result) = tool_turns(backend, last["body"])
    assert (name, arguments) == ("apply_patch", patch.arguments)
    assert "new.txt" in result


@every_other_backend
def test_a_script_in_a_namespace_is_run(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    (home / "work" / "note.txt").write_text("forty-two\n")
    script = "const ran = await tools.exec_command({cmd: 'cat note.txt'});\ntext(ran);"
    look = Call("call_1", "functions__exec", {"input": script})
    patch = _patch("new.txt", "a line")
    write = Call(
        "call_2",
        "functions__exec",
        {"input": f"text(await tools.apply_patch({json.dumps(patch)}))"},
    )
    turns = [Scripted(id="a", calls=(look,)), Scripted(id="b", calls=(write,)), ANSWER]
    scripted_upstream.script(*({"events": payloads(backend, turn)} for turn in turns))
    said = _ask(programs, home, serve(backend, WITH_SCRIPTS), WITH_SCRIPTS, "Write a note.")
    assert (said.answer, said.errors) == (ANSWER.text, [])
    assert (home / "work" / "new.txt").read_text() == "a line\n"
    *_, last = scripted_upstream.requests("POST")
    (read, _) = tool_turns(backend, last["body"])
    assert read[:2] == (look.name, look.arguments)
    assert "forty-two" in read[2]


@every_backend
def test_half_an_answer_is_asked_for_again(
    programs: Path, home: Path, serve: Serve, scripted_upstream: ScriptedUpstream, backend: str
) -> None:
    events = payloads(backend, ANSWER)
    cut = {"events": events[: len(events) - 2], "no_terminator": True}
    scripted_upstream.script(cut, {"events": events, "repeat": 20})
    said = _ask(programs, home, serve(backend, UNKNOWN), UNKNOWN, "What does the note say?")
    assert said.answer == ANSWER.text
    assert len(scripted_upstream.requests("POST")) == 2
