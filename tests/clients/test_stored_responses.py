"""The official OpenAI client goes on from stored responses, whatever the backend speaks."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.answers import BACKENDS, PARALLEL, RESULTS, TEXT, payloads
from tests.clients.received import seals, tool_turns
from tests.clients.serving import KEY
from tests.clients.serving import config as usual
from tests.faults.serving import serving

BOB = "key-of-bob-who-owns-nothing"

every_backend = pytest.mark.parametrize("backend", BACKENDS)
ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = usual(upstream.url)
    config["users"].append({"name": "bob", "api_key": BOB, "backends": "*"})
    with serving(config) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with client_of(gateway, KEY) as client:
        yield client


@pytest.fixture(scope="module")
def bob(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with client_of(gateway, BOB) as client:
        yield client


def client_of(gateway: Gateway, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=20.0)


def ask(client: openai.OpenAI, stream: bool, **asked: Any) -> Any:
    if not stream:
        return client.responses.create(**asked)
    with client.responses.stream(**asked) as opened:
        return opened.get_final_response()


def refused(client: openai.OpenAI, **asked: Any) -> openai.BadRequestError:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**asked)
    return caught.value


def tools() -> list[dict[str, Any]]:
    parameters = {"type": "object", "properties": {}, "additionalProperties": False}
    made = {"type": "function", "strict": True, "parameters": parameters}
    return [{**made, "name": call.name} for call in PARALLEL.calls]


@ways
@every_backend
def test_a_chain_of_three_reaches_the_backend_whole(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    first = ask(client, stream, model=backend, input="one", instructions="be brief")
    second = ask(client, stream, model=backend, input="two", previous_response_id=first.id)
    third = ask(client, stream, model="chat", input="three", previous_response_id=second.id)
    assert third.previous_response_id == second.id
    body = upstream.requests("POST")[-1]["body"]
    said = [(message["role"], message["content"]) for message in body["messages"]]
    assert said == [
        ("user", "one"), ("assistant", "one"), ("user", "two"), ("assistant", "two"),
        ("user", "three"),
    ]  # fmt: skip


@ways
@every_backend
def test_tool_calls_and_sealed_state_go_along(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    upstream.script({"events": payloads(backend, PARALLEL)}, {"events": payloads(backend, TEXT)})
    first = ask(client, stream, model=backend, input="Well?", tools=tools())
    calls = [item.call_id for item in first.output if item.type == "function_call"]
    results = [
        {"type": "function_call_output", "call_id": call_id, "output": result}
        for call_id, result in zip(calls, RESULTS.values(), strict=True)
    ]
    second = ask(
        client, stream, model=backend, input=results, tools=tools(), previous_response_id=first.id
    )
    assert second.output_text == TEXT.text
    _, request = upstream.requests("POST")
    turns = [(c.name, c.arguments, RESULTS[c.id]) for c in PARALLEL.calls]
    assert tool_turns(backend, request["body"]) == turns
    assert seals(backend, request["body"]) == ([] if backend == "chat" else [PARALLEL.seal])


@ways
@every_backend
def test_a_response_is_retrieved_replayed_and_deleted(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    told = ask(client, stream, model=backend, input="one two three")
    found = client.responses.retrieve(told.id)
    assert (found.id, found.output_text) == (told.id, told.output_text)
    with client.responses.retrieve(told.id, stream=True) as replay:
        events = list(replay)
    numbers = [event.sequence_number for event in events]
    assert numbers == list(range(len(events)))
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == told.output_text
    with client.responses.retrieve(told.id, stream=True, starting_after=3) as replay:
        assert [event.sequence_number for event in replay] == numbers[4:]
    client.responses.delete(told.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.retrieve(told.id)
    assert caught.value.code == "previous_response_not_found"
    assert refused(client, model=backend, input="x", previous_response_id=told.id).code == (
        "previous_response_not_found"
    )


def test_input_items_are_listed_page_by_page(client: openai.OpenAI) -> None:
    said: Any = [{"role": "user", "content": f"item {number}"} for number in range(5)]
    told = client.responses.create(model="chat", input=said)
    listed: list[Any] = list(client.responses.input_items.list(told.id, limit=2, order="asc"))
    assert [item.content[0].text for item in listed] == [f"item {n}" for n in range(5)]
    newest: Any = client.responses.input_items.list(told.id, limit=1).data[0]
    assert newest.content[0].text == "item 4"


@every_backend
def test_an_item_may_be_referred_to(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str
) -> None:
    first = client.responses.create(model=backend, input="say this")
    upstream.reset()
    reference: Any = {"type": "item_reference", "id": first.output[0].id}
    client.responses.create(
        model="chat", input=[reference, {"role": "user", "content": "and that"}]
    )
    (request,) = upstream.requests("POST")
    assert [m["content"] for m in request["body"]["messages"]] == ["say this", "and that"]


@ways
def test_what_is_not_stored_is_not_known(client: openai.OpenAI, stream: bool) -> None:
    told = ask(client, stream, model="chat", input="one", store=False)
    error = refused(client, model="chat", input="two", previous_response_id=told.id)
    assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id")


def test_what_is_anothers_is_not_known_either(client: openai.OpenAI, bob: openai.OpenAI) -> None:
    told = client.responses.create(model="chat", input="my secret")
    theirs = refused(bob, model="chat", input="x", previous_response_id=told.id)
    unknown = refused(bob, model="chat", input="x", previous_response_id="resp_unknown")
    assert theirs.message.replace(told.id, "ID") == unknown.message.replace("resp_unknown", "ID")
    reference: Any = [{"type": "item_reference", "id": told.output[0].id}]
    assert refused(bob, model="chat", input=reference).code == "item_not_found"
    for look in (bob.responses.retrieve, bob.responses.delete, bob.responses.cancel):
        with pytest.raises(openai.BadRequestError):
            look(told.id)
    assert client.responses.retrieve(told.id).id == told.id


def test_a_backend_that_says_one_id_twice_breaks_no_chain(
    client: openai.OpenAI, upstream: ScriptedUpstream
) -> None:
    upstream.script(events=payloads("responses", TEXT))
    ids = set()
    previous: Any = None
    for text in ("one", "two", "three"):
        told = client.responses.create(
            model="responses", input=text, previous_response_id=previous, extra_body={}
        )
        previous = told.id
        ids.add(told.id)
    assert len(ids) == 1
    asked = upstream.requests("POST")[-1]["body"]["input"]
    mine = [item["content"][0]["text"] for item in asked[:-1] if item["role"] == "user"]
    assert mine == ["one", "two"]


@ways
@every_backend
def test_a_conversation_remembers_by_itself(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str, stream: bool
) -> None:
    talk = client.conversations.create(
        items=[{"type": "message", "role": "user", "content": "zero"}], metadata={"a": "b"}
    )
    upstream.script(text="well")
    for text in ("one", "two"):
        told = ask(client, stream, model=backend, input=text, conversation=talk.id)
        assert told.conversation.id == talk.id
    upstream.reset()
    ask(client, stream, model="chat", input="three", conversation=talk.id)
    (request,) = upstream.requests("POST")
    said = [message["content"] for message in request["body"]["messages"]]
    assert said == ["zero", "one", "well", "two", "well", "three"]
    items: list[Any] = list(client.conversations.items.list(talk.id, order="asc"))
    assert [item.content[0].text for item in items][:3] == ["zero", "one", "well"]
    assert len(items) == 7
    client.conversations.delete(talk.id)
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(talk.id)
    error = refused(client, model="chat", input="x", conversation=talk.id)
    assert error.code == "conversation_not_found"


def test_two_who_write_in_one_conversation_keep_their_turns_whole(
    client: openai.OpenAI, gateway: Gateway
) -> None:
    talk = client.conversations.create()
    with client_of(gateway, KEY) as other:
        opened = [
            one.responses.create(model="chat", input=text, conversation=talk.id, stream=True)
            for one, text in ((client, "first words"), (other, "other words"))
        ]
        for events in opened:
            list(events)
    items: list[Any] = list(client.conversations.items.list(talk.id, order="asc"))
    said = [(item.role, item.content[0].text) for item in items]
    turns = {tuple(said[:2]), tuple(said[2:])}
    assert turns == {
        (("user", "first words"), ("assistant", "first words")),
        (("user", "other words"), ("assistant", "other words")),
    }
