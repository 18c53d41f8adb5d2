"""Questions of the gateway's own to its models."""

import msgspec
import pytest

from headgate.composition.inner_call import PATH, InnerCall
from headgate.policies.environment import ModelQuestion
from headgate.policies.hook_flow import Misbehaved
from tests.pipeline.fakes import Scene, backend, refusal, reply

QUESTION = ModelQuestion(model="fast", system="Judge.", text="Hello", max_tokens=20)


async def test_a_model_is_asked_and_its_text_given() -> None:
    scene = Scene(reply())
    assert await InnerCall(scene.gateway).ask(QUESTION) == "Hello there"
    (call,) = scene.upstream.calls
    assert isinstance(call.body, bytes)
    said = msgspec.json.decode(call.body)
    assert call.url.endswith("/v1/chat/completions")
    assert [message["content"] for message in said["messages"]] == ["Judge.", "Hello"]
    assert said["max_completion_tokens"] == 20
    assert scene.notes.closed == [(200, "complete")]


async def test_a_backend_of_another_dialect_can_be_asked() -> None:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Fine"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    scene = Scene(reply(msgspec.json.encode(message)), backends=[backend(speaks=("messages",))])
    assert await InnerCall(scene.gateway).ask(QUESTION) == "Fine"


async def test_no_key_and_no_policy_stands_in_its_way() -> None:
    def refuse(exchange: object) -> None:
        raise AssertionError(exchange)

    scene = Scene(reply())
    scene.gateway.snapshot = msgspec.structs.replace(scene.snapshot, open=False, open_guard=refuse)
    assert await InnerCall(scene.gateway).ask(QUESTION) == "Hello there"
    assert PATH == "/v1/chat/completions"


async def test_an_error_is_no_verdict() -> None:
    scene = Scene(refusal(400, "no"))
    with pytest.raises(Misbehaved, match="400"):
        await InnerCall(scene.gateway).ask(QUESTION)


async def test_what_is_no_reply_is_no_verdict() -> None:
    scene = Scene(reply(b'{"strange": true}'))
    with pytest.raises(Misbehaved):
        await InnerCall(scene.gateway).ask(QUESTION)
