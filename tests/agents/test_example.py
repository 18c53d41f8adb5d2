import importlib.util
from pathlib import Path
from typing import Any

from tests.agents.driver import CHAT, ask

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "diary_agent.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("diary_agent", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_example_keeps_a_diary_for_each_session() -> None:
    app = load().app

    async def say(content: str, session: str) -> str:
        messages = [{"role": "user", "content": content}]
        answer = await ask(app, CHAT, {"messages": messages, "session_id": session})
        text: str = answer.json["choices"][0]["message"]["content"]
        return text

    assert await say("It rains.", "mine") == "Entry 1 is written."
    assert await say("Still.", "mine") == "Entry 2 is written."
    assert await say("read", "mine") == "It rains.\nStill."
    assert await say("Sun.", "yours") == "Entry 1 is written."


async def test_the_example_streams_what_it_reads() -> None:
    app = load().app
    body = {"messages": [{"role": "user", "content": "read"}], "stream": True}
    answer = await ask(app, CHAT, body)
    assert answer.chunks[0]["choices"][0]["delta"]["content"] == "Let me look.\n"
    assert answer.body.endswith(b"data: [DONE]\n\n")
