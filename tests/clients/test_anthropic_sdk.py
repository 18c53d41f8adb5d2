"""The official Anthropic client through a gateway process to every dialect."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic.types import Message
from pydantic import BaseModel

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.answers import (
    ANSWERS,
    BACKENDS,
    EVERYTHING,
    PARALLEL,
    RESULTS,
    TEXT,
    Scripted,
    cuts,
    payloads,
)
from tests.clients.received import PICTURE, images, schema, seals, tool_turns
from tests.clients.serving import KEY, KEY_WITHOUT_BACKENDS
from tests.conformance import meaning
from tests.conformance.meaning import Meaning

ASKED = {"role": "user", "content": "Well?"}
TOOLS = [
    {"name": call.name, "input_schema": {"type": "object", "properties": {}}}
    for call in PARALLEL.calls
]

every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Weight(BaseModel):
    """A structured answer."""

    item: str
    kilograms: float


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with _client(gateway) as client:
        yield client


def _client(gateway: Gateway, key: str = KEY) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0, timeout=20.0)


def _ask(client: anthropic.Anthropic, model: str, **more: Any) -> Message:
    """What the client's streaming helper puts together."""
    asked: Any = {"messages": [ASKED], "max_tokens": 4000, **more}
    with client.messages.stream(model=model, **asked) as stream:
        return stream.get_final_message()


def _listen(client: anthropic.Anthropic, model: str) -> list[Any]:
    """The events of a plain stream."""
    asked: Any = {"messages": [ASKED], "max_tokens": 4000}
    with client.messages.create(model=model, stream=True, **asked) as events:
        return list(events)


def _meaning(message: Message) -> Meaning:
    return meaning.of_messages(message.to_dict())


def _say(upstream: ScriptedUpstream, backend: str, answer: Scripted, **fault: Any) -> None:
    upstream.script(events=payloads(backend, answer), **fault)


@every_backend
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_stream_arrives_as_the_backend_meant_it(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str, answer: Scripted
) -> None:
    _say(upstream, backend, answer)
    assert _meaning(_ask(client, backend, tools=TOOLS)) == answer.meaning


@every_backend
def test_a_whole_reply_arrives_as_the_backend_meant_it(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, EVERYTHING)
    asked: Any = {"messages": [ASKED], "max_tokens": 4000}
    assert _meaning(client.messages.create(model=backend, **asked)) == EVERYTHING.meaning


@pytest.mark.parametrize("ending", ["closed", "reset"])
@pytest.mark.parametrize(("backend", "count"), cuts())
def test_no_cut_stream_passes_for_an_answer(
    client: anthropic.Anthropic,
    upstream: ScriptedUpstream,
    backend: str,
    count: int,
    ending: str,
) -> None:
    events = payloads(backend, EVERYTHING)
    if ending == "closed":
        upstream.script(events=events[:count], no_terminator=True)
    else:
        upstream.script(events=events, disconnect_after=count)
    with pytest.raises(anthropic.APIError, match="closed the stream before"):
        _listen(client, backend)
    with pytest.raises(anthropic.APIError, match="closed the stream before"):
        _ask(client, backend, tools=TOOLS)


@pytest.mark.parametrize("backend", ["chat", "messages"])
def test_a_stream_that_lacks_its_last_word_alone_is_whole(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, TEXT, no_terminator=True)
    assert _meaning(_ask(client, backend)) == TEXT.meaning


@every_backend
@pytest.mark.parametrize("count", [1, 3])
def test_an_error_within_a_stream_is_raised_with_its_words(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str, count: int
) -> None:
    _say(upstream, backend, EVERYTHING, error_after=count)
    with pytest.raises(anthropic.APIError, match="The script asked for this error"):
        _listen(client, backend)
    with pytest.raises(anthropic.APIError, match="The script asked for this error"):
        _ask(client, backend, tools=TOOLS)


@every_backend
def test_an_error_in_place_of_the_first_event_is_a_status(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, TEXT, error_after=0)
    with pytest.raises(anthropic.InternalServerError, match="The script asked for this error"):
        _listen(client, backend)


@every_backend
def test_a_backend_that_falls_silent_is_a_timeout(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, EVERYTHING, stall_after=3)
    with pytest.raises(anthropic.APIError, match="timeout_error"):
        _listen(client, f"hasty-{backend}")


@every_backend
def test_a_backend_that_never_begins_is_a_504(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, EVERYTHING, stall_after=0)
    with pytest.raises(anthropic.DeadlineExceededError) as caught:
        _listen(client, f"hasty-{backend}")
    assert caught.value.status_code == 504


@every_backend
@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (400, 400, anthropic.BadRequestError),
        (401, 502, anthropic.InternalServerError),
        (403, 502, anthropic.InternalServerError),
        (404, 404, anthropic.NotFoundError),
        (422, 422, anthropic.UnprocessableEntityError),
        (500, 502, anthropic.InternalServerError),
        (503, 503, anthropic.ServiceUnavailableError),
    ],
)
def test_what_the_backend_refuses_is_raised_by_its_status(
    client: anthropic.Anthropic,
    upstream: ScriptedUpstream,
    backend: str,
    status: int,
    told: int,
    error: type[anthropic.APIStatusError],
) -> None:
    upstream.script(status=status)
    with pytest.raises(error) as caught:
        _listen(client, backend)
    assert caught.value.status_code == told
    assert str(caught.value.response.headers["x-request-id"]).startswith("req_")


@every_backend
def test_a_rate_limit_says_how_long_to_wait(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    upstream.script(status=429, headers={"retry-after": "7"})
    with pytest.raises(anthropic.RateLimitError) as caught:
        _listen(client, backend)
    assert caught.value.response.headers["retry-after"] == "7"


def test_a_wrong_key_a_forbidden_backend_and_an_unknown_model_have_their_errors(
    gateway: Gateway, client: anthropic.Anthropic
) -> None:
    with _client(gateway, "wrong") as stranger, pytest.raises(anthropic.AuthenticationError):
        _listen(stranger, "chat")
    bare = _client(gateway, KEY_WITHOUT_BACKENDS)
    with bare, pytest.raises(anthropic.PermissionDeniedError):
        _listen(bare, "chat")
    with pytest.raises(anthropic.NotFoundError, match="not_found_error"):
        _listen(client, "no-such-model")


@every_backend
def test_a_structured_answer_is_parsed(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, Scripted(text='{"item": "ship", "kilograms": 3.5}'))
    final: Any = _ask(client, backend, output_format=Weight)
    assert final.parsed_output == Weight(item="ship", kilograms=3.5)
    (request,) = upstream.requests("POST")
    wanted = schema(backend, request["body"])
    assert set(wanted["properties"]) == {"item", "kilograms"}
    assert wanted["required"] == ["item", "kilograms"]


@every_backend
def test_an_image_reaches_the_backend(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    _say(upstream, backend, TEXT)
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    parts = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    final = _ask(client, backend, messages=[{"role": "user", "content": parts}])
    assert _meaning(final) == TEXT.meaning
    (request,) = upstream.requests("POST")
    assert images(backend, request["body"]) == [PICTURE]


@every_backend
def test_a_conversation_goes_on_with_the_results_of_its_tools(
    client: anthropic.Anthropic, upstream: ScriptedUpstream, backend: str
) -> None:
    upstream.script({"events": payloads(backend, PARALLEL)}, {"events": payloads(backend, TEXT)})
    thinking = {"type": "enabled", "budget_tokens": 2000}
    first = _ask(client, backend, tools=TOOLS, thinking=thinking)
    uses = [block for block in first.content if block.type == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": use.id, "content": result}
        for use, result in zip(uses, RESULTS.values(), strict=True)
    ]
    answered = {"role": "assistant", "content": first.content}
    history = [ASKED, answered, {"role": "user", "content": results}]
    second = _ask(client, backend, tools=TOOLS, thinking=thinking, messages=history)
    assert _meaning(second) == TEXT.meaning
    _, request = upstream.requests("POST")
    turns = [(c.name, c.arguments, RESULTS[c.id]) for c in PARALLEL.calls]
    assert tool_turns(backend, request["body"]) == turns
    given_back = [] if backend == "chat" else [PARALLEL.seal]
    assert seals(backend, request["body"]) == given_back


def test_a_caller_that_leaves_a_stream_ends_it_at_the_backend(
    client: anthropic.Anthropic, upstream: ScriptedUpstream
) -> None:
    _say(upstream, "responses", TEXT, stall_after=4)
    asked: Any = {"messages": [ASKED], "max_tokens": 4000}
    with client.messages.stream(model="responses", **asked) as stream:
        next(iter(stream))
    assert upstream.wait_for(lambda request: request["caller_left"])


def test_the_models_are_listed_and_found(client: anthropic.Anthropic) -> None:
    names = [model.id for model in client.models.list()]
    assert {*BACKENDS} <= {*names}
    assert client.models.retrieve("gemini").id == "gemini"


async def test_the_asynchronous_client_streams_too(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    _say(upstream, "gemini", EVERYTHING)
    asked: Any = {"messages": [ASKED], "max_tokens": 4000}
    client = anthropic.AsyncAnthropic(base_url=gateway.url, api_key=KEY, max_retries=0)
    async with client, client.messages.stream(model="gemini", **asked) as stream:
        final = await stream.get_final_message()
    assert _meaning(final) == EVERYTHING.meaning
