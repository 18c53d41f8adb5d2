"""An agent as a backend: each user's sessions are its own, and a chain of responses is one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from headgate.testing import Gateway
from tests.faults.serving import serving

AGENT = """
class Echo:
    async def process_direct(self, *, content, session_key, **kwargs):
        return f"{session_key} | {content}"

def make():
    return Echo()
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("agent")
    (folder / "echo_agent_of_tests.py").write_text(AGENT)
    users = [
        {"name": name, "api_key": f"key-of-{name}-which-is-long", "backends": "*"}
        for name in ("alice", "bob")
    ]
    made: dict[str, Any] = {
        "backends": {"helper": {"agent": "echo_agent_of_tests:make"}},
        "users": users,
    }
    with serving(made, PYTHONPATH=str(folder)) as gateway:
        yield gateway


def client_of(gateway: Gateway, name: str) -> openai.OpenAI:
    key = f"key-of-{name}-which-is-long"
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=20.0)


def say(client: openai.OpenAI, **more: Any) -> str:
    asked: Any = [{"role": "user", "content": "hi"}]
    told = client.chat.completions.create(model="helper", messages=asked, **more)
    return told.choices[0].message.content or ""


def test_one_name_of_a_session_is_two_for_two_users(gateway: Gateway) -> None:
    said = {"extra_body": {"session_id": "kitchen"}}
    with client_of(gateway, "alice") as alice, client_of(gateway, "bob") as bob:
        assert say(alice, **said) == "api:alice:kitchen | hi"
        assert say(bob, **said) == "api:bob:kitchen | hi"
        assert say(alice) == "api:alice:default | hi"
        assert say(bob, extra_headers={"x-session-id": "hall"}) == "api:bob:hall | hi"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_chain_of_responses_is_one_session(gateway: Gateway, stream: bool) -> None:
    with client_of(gateway, "alice") as alice:
        sessions = []
        previous: Any = None
        for text in ("one", "two", "three"):
            asked: Any = {"model": "helper", "input": text, "previous_response_id": previous}
            if stream:
                with alice.responses.stream(**asked) as opened:
                    told: Any = opened.get_final_response()
            else:
                told = alice.responses.create(**asked)
            session, _, said = told.output_text.partition(" | ")
            assert said == text
            sessions.append(session)
            previous = told.id
        assert len(set(sessions)) == 1
        assert sessions[0].startswith("api:alice:")
        fresh = alice.responses.create(model="helper", input="one").output_text
        assert not fresh.startswith(sessions[0])
