"""The upstream of users' tests, asked by the vendors' own clients."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from headgate.mock.script import ScriptError
from headgate.testing import ScriptedUpstream
from headgate.wire import json_text


@pytest.fixture(scope="module")
def shared() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=["mock", "other"]) as upstream:
        yield upstream


@pytest.fixture
def upstream(shared: ScriptedUpstream) -> ScriptedUpstream:
    shared.reset()
    return shared


@pytest.fixture
def chat(upstream: ScriptedUpstream) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="k", max_retries=0) as client:
        yield client


@pytest.fixture
def claude(upstream: ScriptedUpstream) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=upstream.url, api_key="k", max_retries=0) as client:
        yield client


ASKED: list[Any] = [{"role": "user", "content": "one two three"}]


def post(upstream: ScriptedUpstream, body: Any) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(upstream.url).netloc, timeout=10)
    connection.request("POST", "/v1/chat/completions", json_text.encode(body))
    answer = connection.getresponse()
    status, data = answer.status, answer.read()
    connection.close()
    return status, json_text.decode(data)


def test_openais_client_reads_the_chat_echo(chat: openai.OpenAI) -> None:
    reply = chat.chat.completions.create(model="mock", messages=ASKED)
    assert reply.choices[0].message.content == "one two three"
    with chat.chat.completions.stream(
        model="mock", messages=ASKED, stream_options={"include_usage": True}
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "one two three"
    assert final.usage == reply.usage
    assert final.usage is not None
    assert final.usage.total_tokens == 6


def test_openais_client_reads_the_responses_echo(chat: openai.OpenAI) -> None:
    reply = chat.responses.create(model="mock", input="one two three")
    assert reply.output_text == "one two three"
    with chat.responses.stream(model="mock", input="one two three") as stream:
        final = stream.get_final_response()
    assert final.output_text == "one two three"
    assert final.usage == reply.usage


def test_anthropics_client_reads_the_messages_echo(claude: anthropic.Anthropic) -> None:
    reply = claude.messages.create(model="mock", max_tokens=9, messages=ASKED)
    assert reply.content[0].type == "text"
    assert reply.content[0].text == "one two three"
    with claude.messages.stream(model="mock", max_tokens=9, messages=ASKED) as stream:
        final = stream.get_final_message()
    assert [block.to_dict()["text"] for block in final.content] == ["one two three"]
    assert final.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (3, 3)
    assert claude.messages.count_tokens(model="mock", messages=ASKED).input_tokens == 3


def test_both_clients_read_the_models(chat: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    assert [model.id for model in chat.models.list()] == ["mock", "other"]
    assert [model.id for model in claude.models.list()] == ["mock", "other"]


def test_openais_client_reads_embeddings(chat: openai.OpenAI) -> None:
    packed = chat.embeddings.create(model="mock", input=["a", "b"])
    plain = chat.embeddings.create(model="mock", input=["a", "b"], encoding_format="float")
    assert [one.embedding for one in packed.data] == [one.embedding for one in plain.data]


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
def test_the_clients_raise_on_an_error_event(
    upstream: ScriptedUpstream, chat: openai.OpenAI, claude: anthropic.Anthropic, dialect: str
) -> None:
    upstream.script(error_after=2)
    with pytest.raises((openai.APIError, anthropic.APIError), match="The script asked"):
        drain(dialect, chat, claude)


def drain(dialect: str, chat: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    if dialect == "chat":
        list(chat.chat.completions.create(model="m", messages=ASKED, stream=True))
    elif dialect == "messages":
        list(claude.messages.create(model="m", max_tokens=9, messages=ASKED, stream=True))
    else:
        list(chat.responses.create(model="m", input="x", stream=True))


def test_the_clients_see_a_disconnection(upstream: ScriptedUpstream, chat: openai.OpenAI) -> None:
    upstream.script(disconnect_after=2)
    stream = chat.chat.completions.create(model="m", messages=ASKED, stream=True)
    with pytest.raises(openai.APIConnectionError):
        list(stream)


def test_the_clients_read_an_error_status(
    upstream: ScriptedUpstream, chat: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    upstream.script(status=429, headers={"retry-after": 3})
    with pytest.raises(openai.RateLimitError) as limited:
        chat.chat.completions.create(model="m", messages=ASKED)
    assert limited.value.code == "rate_limit_exceeded"
    with pytest.raises(anthropic.RateLimitError) as told:
        claude.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert told.value.response.headers["retry-after"] == "3"


def test_objects_take_turns_and_keys_stay(upstream: ScriptedUpstream) -> None:
    upstream.script({"json": 1}, {"json": 2})
    assert [post(upstream, {}) for _ in "ab"] == [(200, 1), (200, 2)]
    upstream.script(json=3)
    assert [post(upstream, {}) for _ in "ab"] == [(200, 3), (200, 3)]
    with pytest.raises(TypeError, match="not both"):
        upstream.script({"json": 1}, json=2)


def test_a_wrong_script_is_an_error_in_the_test(upstream: ScriptedUpstream) -> None:
    with pytest.raises(ScriptError, match="did you mean 'disconnect_after'"):
        upstream.script(disconect_after=1)


def test_what_arrived_can_be_asked_and_waited_for(upstream: ScriptedUpstream) -> None:
    post(upstream, {"n": 7})
    assert upstream.wait_for(lambda one: one["finished"])["body"] == {"n": 7}
    assert len(upstream.requests("POST")) == 1
    assert upstream.requests("GET") == []
    with pytest.raises(TimeoutError, match=r"there were \['POST /v1/chat/completions'\]"):
        upstream.wait_for(lambda one: one["caller_left"], timeout_s=0)


def test_a_departure_can_be_waited_for(upstream: ScriptedUpstream) -> None:
    upstream.script(stall_after=1)
    connection = http.client.HTTPConnection(urlsplit(upstream.url).netloc, timeout=10)
    connection.request("POST", "/v1/chat/completions", b'{"stream":true}')
    answer = connection.getresponse()
    answer.close()
    connection.close()
    left = upstream.wait_for(lambda one: one["caller_left"])
    assert left["caller_left_after_ms"] >= 0
    assert left["finished"] is False


def test_after_stopping_nobody_answers() -> None:
    upstream = ScriptedUpstream()
    upstream.stop()
    upstream.stop()
    with pytest.raises(ConnectionRefusedError):
        post(upstream, {})
