"""The cases of the Open Responses compliance suite, told anew, against a gateway process.

The suite (openresponses/openresponses, ``src/lib/compliance-tests.ts``) asks a server eight things
and holds every event and every response to its schema.
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from headgate.wire import sse
from tests.clients.answers import CALL, TEXT, payloads
from tests.clients.received import PICTURE, images, tool_turns
from tests.clients.serving import KEY
from tests.conformance.response_validator import RESOURCE_KEYS, check_responses

Json = dict[str, Any]

backends = pytest.mark.parametrize("backend", ["chat", "messages", "responses"])
ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])

TOOL: Json = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def ask(gateway: Gateway, stream: bool, **asked: Any) -> Json:
    """The response that one request makes; a stream is held to its rules first."""
    body = json.dumps({**asked, "stream": stream}).encode()
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20.0)
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    connection.request("POST", "/v1/responses", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == 200, said
    if not stream:
        response: Json = json.loads(said)
        return response
    assert answer.headers["content-type"] == "text/event-stream"
    events = [json.loads(frame.data) for frame in sse.parse(said)]
    assert [frame.event for frame in sse.parse(said)] == [event["type"] for event in events]
    if asked["model"] != "responses":  # a relayed stream is its backend's own
        check_responses(events)
    whole: Json = events[-1]["response"]
    return whole


def check(backend: str, response: Mapping[str, Any], status: str = "completed") -> None:
    """What the suite's schema demands of a response that this gateway makes itself."""
    assert response["object"] == "response"
    assert response["status"] == status
    assert response["output"]
    if backend != "responses":
        assert response.keys() >= RESOURCE_KEYS
        assert all(item["id"] and item["status"] for item in response["output"])


@ways
@backends
def test_a_basic_answer(gateway: Gateway, backend: str, stream: bool) -> None:
    asked = [{"type": "message", "role": "user", "content": "Say hello in three words."}]
    response = ask(gateway, stream, model=backend, input=asked)
    check(backend, response)
    (item,) = response["output"]
    assert (item["type"], item["role"]) == ("message", "assistant")
    assert item["content"][0]["text"] == "Say hello in three words."


@ways
@backends
def test_a_system_prompt(
    gateway: Gateway, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    asked = [
        {"type": "message", "role": "system", "content": "You are a pirate."},
        {"type": "message", "role": "user", "content": "Say hello."},
    ]
    check(backend, ask(gateway, stream, model=backend, input=asked))
    (request,) = upstream.requests("POST")
    assert "You are a pirate." in json.dumps(request["body"])


@ways
@backends
def test_a_tool_call(
    gateway: Gateway, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    upstream.script(events=payloads(backend, CALL))
    asked = [{"type": "message", "role": "user", "content": "What is the weather in Zürich?"}]
    response = ask(gateway, stream, model=backend, input=asked, tools=[TOOL])
    check(backend, response)
    (call,) = [item for item in response["output"] if item["type"] == "function_call"]
    assert (call["name"], call["call_id"]) == ("get_weather", "call_1")
    assert json.loads(call["arguments"]) == dict(CALL.calls[0].arguments)


@ways
@backends
def test_an_image(gateway: Gateway, upstream: ScriptedUpstream, backend: str, stream: bool) -> None:
    url = f"data:image/png;base64,{PICTURE}"
    content = [
        {"type": "input_text", "text": "What is in this image?"},
        {"type": "input_image", "image_url": url},
    ]
    asked = [{"type": "message", "role": "user", "content": content}]
    upstream.script(events=payloads(backend, TEXT))
    check(backend, ask(gateway, stream, model=backend, input=asked))
    (request,) = upstream.requests("POST")
    assert images(backend, request["body"]) == [PICTURE]


@ways
@backends
def test_a_conversation_of_several_turns(
    gateway: Gateway, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    asked = [
        {"type": "message", "role": "user", "content": "My name is Alice."},
        {"type": "message", "role": "assistant", "content": "Hello Alice!"},
        {"type": "message", "role": "user", "content": "What is my name?"},
    ]
    response = ask(gateway, stream, model=backend, input=asked)
    check(backend, response)
    (request,) = upstream.requests("POST")
    turns = request["body"]["input" if backend == "responses" else "messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]


@ways
@backends
def test_several_turns_that_the_server_remembers(
    gateway: Gateway, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    upstream.script({"events": payloads(backend, CALL)}, {"events": payloads(backend, TEXT)})
    first = ask(gateway, stream, model=backend, input="The weather?", tools=[TOOL])
    (call,) = [item for item in first["output"] if item["type"] == "function_call"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    second = ask(
        gateway,
        stream,
        model=backend,
        input=[result],
        tools=[TOOL],
        previous_response_id=first["id"],
    )
    check(backend, second)
    assert second["previous_response_id"] == first["id"]
    _, request = upstream.requests("POST")
    turn = ("get_weather", dict(CALL.calls[0].arguments), "rain")
    assert tool_turns(backend, request["body"]) == [turn]
