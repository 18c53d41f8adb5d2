import json
from typing import Any

import msgspec
import pytest

from headgate.model.caller import User
from headgate.pipeline.agent_turn import agent_session, newest_turn
from headgate.pipeline.asking import put
from headgate.pipeline.recalling import recall
from headgate.routing.target import Target
from tests.pipeline.fakes import Scene, backend
from tests.pipeline.test_recalling import remembering

AGENT = backend("one", agent="some:agent", speaks=("chat", "messages", "responses"))


def scene_of(user: str = "", /, **asked: Any) -> Scene:
    scene = Scene(**{"backends": [AGENT], **asked})
    if user:
        exchange = scene.exchange
        exchange.snapshot = msgspec.structs.replace(exchange.snapshot, open=False)
        exchange.user = User(id=user, name=user, backends=None)
    scene.turn()
    return scene


@pytest.mark.parametrize(
    ("user", "said", "session"),
    [
        ("", {"session_id": "s"}, "s"),
        ("", {}, "default"),
        ("", {"user": "u", "prompt_cache_key": "k"}, "default"),
        ("", {"headers": {"x-session-id": "h"}}, "h"),
        ("alice", {"session_id": "s"}, "alice:s"),
        ("bob", {"session_id": "s"}, "bob:s"),
        ("alice", {}, "alice:default"),
    ],
)
async def test_users_have_sessions_of_their_own(
    user: str, said: dict[str, Any], session: str
) -> None:
    assert agent_session(scene_of(user, **said).exchange) == session


async def test_no_name_leads_into_anothers_session() -> None:
    one = agent_session(scene_of("a:b", session_id="c").exchange)
    other = agent_session(scene_of("a", session_id="b:c").exchange)
    assert one != other


async def test_a_name_that_an_agent_would_refuse_is_mapped() -> None:
    long = agent_session(scene_of(session_id="x" * 400).exchange)
    assert len(long) <= 32
    assert long == agent_session(scene_of(session_id="x" * 400).exchange)
    assert "\n" not in agent_session(scene_of(session_id="a\nb").exchange)


def body_to_agent(scene: Scene) -> dict[str, Any]:
    call = put(scene.exchange, Target("one", "m"), 0.0).call
    assert isinstance(call.body, bytes)
    body: dict[str, Any] = json.loads(call.body)
    return body


async def test_the_agent_is_told_the_session_in_the_body() -> None:
    assert body_to_agent(scene_of("alice", session_id="s"))["session_id"] == "alice:s"
    changed = scene_of("alice", session_id="s")
    changed.exchange.changed = changed.exchange.full_request()
    body = body_to_agent(changed)
    assert body["session_id"] == "alice:s"


async def test_a_chain_is_one_session_and_only_its_newest_turn_is_told() -> None:
    scene = scene_of("alice", dialect="responses", input="two", previous_response_id="resp_1")
    scene.gateway.memory = remembering()
    turn = scene.turn()
    await recall(turn)
    body = body_to_agent(scene)
    assert (body["input"], body["session_id"]) == ("two", "alice:key-resp_1")
    assert "previous_response_id" not in body
    scene.exchange.changed = scene.exchange.full_request()
    (item,) = body_to_agent(scene)["input"]
    assert item["role"] == "user"


async def test_the_first_of_a_chain_begins_its_session() -> None:
    scene = scene_of(dialect="responses", input="one")
    scene.gateway.memory = remembering()
    await recall(scene.turn())
    assert agent_session(scene.exchange) == scene.exchange.id


async def test_without_a_history_the_request_stays_whole() -> None:
    exchange = scene_of().exchange
    request = exchange.full_request()
    assert newest_turn(exchange, request) is request
