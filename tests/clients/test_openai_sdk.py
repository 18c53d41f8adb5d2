"""The official OpenAI client, both its APIs, through a gateway process to every dialect."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
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

PARAMETERS = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}

every_api = pytest.mark.parametrize("api", ["chat", "responses"])
every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Weight(BaseModel):
    """A structured answer."""

    item: str
    kilograms: float


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with _client(gateway) as client:
        yield client


def _client(gateway: Gateway, key: str = KEY) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=20.0)


def _ask(client: openai.OpenAI, api: str, model: str, **more: Any) -> Any:
    """What the client's streaming helper puts together."""
    if api == "chat":
        asked = {"messages": [{"role": "user", "content": "Well?"}], **more}
        usage: Any = {"include_usage": True}
        with client.chat.completions.stream(model=model, stream_options=usage, **asked) as stream:
            return stream.get_final_completion()
    with client.responses.stream(model=model, **{"input": "Well?", **more}) as opened:
        return opened.get_final_response()


def _listen(client: openai.OpenAI, api: str, model: str) -> list[Any]:
    """The events of a plain stream."""
    if api == "chat":
        asked: Any = [{"role": "user", "content": "Well?"}]
        with client.chat.completions.create(model=model, messages=asked, stream=True) as chunks:
            return list(chunks)
    with client.responses.create(model=model, input="Well?", stream=True) as events:
        return list(events)


def _whole(client: openai.OpenAI, api: str, model: str) -> Any:
    if api == "chat":
        asked: Any = [{"role": "user", "content": "Well?"}]
        return client.chat.completions.create(model=model, messages=asked)
    return client.responses.create(model=model, input="Well?")


def _meaning(api: str, final: Any) -> Meaning:
    return (meaning.of_chat if api == "chat" else meaning.of_responses)(final.to_dict())


def _tools(api: str) -> list[dict[str, Any]]:
    tools = []
    for call in PARALLEL.calls:
        function = {"name": call.name, "parameters": PARAMETERS, "strict": True}
        tools.append(
            {"type": "function", **({"function": function} if api == "chat" else function)}
        )
    return tools


def _say(upstream: ScriptedUpstream, backend: str, answer: Scripted, **fault: Any) -> None:
    upstream.script(events=payloads(backend, answer), **fault)


@every_api
@every_backend
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_stream_arrives_as_the_backend_meant_it(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str, answer: Scripted
) -> None:
    _say(upstream, backend, answer)
    assert _meaning(api, _ask(client, api, backend, tools=_tools(api))) == answer.meaning


@every_api
@every_backend
def test_a_whole_reply_arrives_as_the_backend_meant_it(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, EVERYTHING)
    assert _meaning(api, _whole(client, api, backend)) == EVERYTHING.meaning


@every_api
@pytest.mark.parametrize("ending", ["closed", "reset"])
@pytest.mark.parametrize(("backend", "count"), cuts())
def test_no_cut_stream_passes_for_an_answer(
    client: openai.OpenAI,
    upstream: ScriptedUpstream,
    api: str,
    backend: str,
    count: int,
    ending: str,
) -> None:
    events = payloads(backend, EVERYTHING)
    if ending == "closed":
        upstream.script(events=events[:count], no_terminator=True)
    else:
        upstream.script(events=events, disconnect_after=count)
    with pytest.raises(openai.APIError, match="closed the stream before"):
        _listen(client, api, backend)
    with pytest.raises(openai.APIError, match="closed the stream before"):
        _ask(client, api, backend, tools=_tools(api))


@every_api
@pytest.mark.parametrize("backend", ["chat", "messages"])
def test_a_stream_that_lacks_its_last_word_alone_is_whole(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, TEXT, no_terminator=True)
    assert _meaning(api, _ask(client, api, backend)) == TEXT.meaning


@every_api
@every_backend
@pytest.mark.parametrize("count", [1, 3])
def test_an_error_within_a_stream_is_raised_with_its_words(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str, count: int
) -> None:
    _say(upstream, backend, EVERYTHING, error_after=count)
    with pytest.raises(openai.APIError, match="The script asked for this error"):
        _listen(client, api, backend)
    with pytest.raises(openai.APIError, match="The script asked for this error"):
        _ask(client, api, backend, tools=_tools(api))


@every_api
@every_backend
def test_an_error_in_place_of_the_first_event_is_a_status(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, TEXT, error_after=0)
    with pytest.raises(openai.InternalServerError, match="The script asked for this error"):
        _listen(client, api, backend)


@every_api
@every_backend
def test_a_backend_that_falls_silent_is_a_timeout(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, EVERYTHING, stall_after=3)
    with pytest.raises(openai.APIError) as caught:
        _listen(client, api, f"hasty-{backend}")
    assert caught.value.code == "request_timeout"


@every_api
@every_backend
def test_a_backend_that_never_begins_is_a_504(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, EVERYTHING, stall_after=0)
    with pytest.raises(openai.InternalServerError) as caught:
        _listen(client, api, f"hasty-{backend}")
    assert (caught.value.status_code, caught.value.code) == (504, "request_timeout")


@every_api
@every_backend
@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (400, 400, openai.BadRequestError),
        (401, 502, openai.InternalServerError),
        (403, 502, openai.InternalServerError),
        (404, 404, openai.NotFoundError),
        (422, 422, openai.UnprocessableEntityError),
        (500, 502, openai.InternalServerError),
        (503, 503, openai.InternalServerError),
    ],
)
def test_what_the_backend_refuses_is_raised_by_its_status(
    client: openai.OpenAI,
    upstream: ScriptedUpstream,
    api: str,
    backend: str,
    status: int,
    told: int,
    error: type[openai.APIStatusError],
) -> None:
    upstream.script(status=status)
    with pytest.raises(error) as caught:
        _listen(client, api, backend)
    assert caught.value.status_code == told
    assert str(caught.value.request_id).startswith("req_")


@every_api
@every_backend
def test_a_rate_limit_says_how_long_to_wait(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    upstream.script(status=429, headers={"retry-after": "7"})
    with pytest.raises(openai.RateLimitError) as caught:
        _listen(client, api, backend)
    assert caught.value.response.headers["retry-after"] == "7"


@every_api
def test_a_wrong_key_a_forbidden_backend_and_an_unknown_model_have_their_errors(
    gateway: Gateway, client: openai.OpenAI, api: str
) -> None:
    with _client(gateway, "wrong") as stranger, pytest.raises(openai.AuthenticationError):
        _listen(stranger, api, "chat")
    bare = _client(gateway, KEY_WITHOUT_BACKENDS)
    with bare, pytest.raises(openai.PermissionDeniedError):
        _listen(bare, api, "chat")
    with pytest.raises(openai.NotFoundError) as caught:
        _listen(client, api, "no-such-model")
    assert caught.value.code == "model_not_found"


@every_api
@every_backend
def test_a_structured_answer_is_parsed(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, Scripted(text='{"item": "ship", "kilograms": 3.5}'))
    if api == "chat":
        final = _ask(client, api, backend, response_format=Weight)
        parsed = final.choices[0].message.parsed
    else:
        parsed = _ask(client, api, backend, text_format=Weight).output_parsed
    assert parsed == Weight(item="ship", kilograms=3.5)
    (request,) = upstream.requests("POST")
    wanted = schema(backend, request["body"])
    assert set(wanted["properties"]) == {"item", "kilograms"}
    assert wanted["required"] == ["item", "kilograms"]


@every_api
@every_backend
def test_an_image_reaches_the_backend(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    _say(upstream, backend, TEXT)
    url = f"data:image/png;base64,{PICTURE}"
    if api == "chat":
        parts = [{"type": "text", "text": "What is it?"}]
        parts += [{"type": "image_url", "image_url": {"url": url}}]  # type: ignore[dict-item]
        final = _ask(client, api, backend, messages=[{"role": "user", "content": parts}])
    else:
        parts = [{"type": "input_text", "text": "What is it?"}]
        parts += [{"type": "input_image", "image_url": url, "detail": "auto"}]
        final = _ask(client, api, backend, input=[{"role": "user", "content": parts}])
    assert _meaning(api, final) == TEXT.meaning
    (request,) = upstream.requests("POST")
    assert images(backend, request["body"]) == [PICTURE]


@every_api
@every_backend
def test_a_conversation_goes_on_with_the_results_of_its_tools(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str, backend: str
) -> None:
    upstream.script({"events": payloads(backend, PARALLEL)}, {"events": payloads(backend, TEXT)})
    tools = _tools(api)
    first = _ask(client, api, backend, tools=tools)
    second = _ask(client, api, backend, tools=tools, **_history(api, first))
    assert _meaning(api, second) == TEXT.meaning
    _, request = upstream.requests("POST")
    turns = [(c.name, c.arguments, RESULTS[c.id]) for c in PARALLEL.calls]
    assert tool_turns(backend, request["body"]) == turns
    given_back = [] if backend == "chat" else [PARALLEL.seal]
    assert seals(backend, request["body"]) == given_back


def _history(api: str, first: Any) -> dict[str, Any]:
    """The question, the answer as the client gave it, and a result for each of its calls."""
    asked = {"role": "user", "content": "Well?"}
    results = list(RESULTS.values())
    if api == "chat":
        message = first.choices[0].message
        said = [
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call, result in zip(message.tool_calls, results, strict=True)
        ]
        return {"messages": [asked, message, *said]}
    calls = [item for item in first.output if item.type == "function_call"]
    outputs = [
        {"type": "function_call_output", "call_id": call.call_id, "output": result}
        for call, result in zip(calls, results, strict=True)
    ]
    return {"input": [asked, *first.output, *outputs]}


@every_api
def test_a_caller_that_leaves_a_stream_ends_it_at_the_backend(
    client: openai.OpenAI, upstream: ScriptedUpstream, api: str
) -> None:
    _say(upstream, "messages", TEXT, stall_after=3)
    asked: Any = [{"role": "user", "content": "Well?"}]
    if api == "chat":
        with client.chat.completions.create(model="messages", messages=asked, stream=True) as said:
            next(iter(said))
    else:
        with client.responses.create(model="messages", input=asked, stream=True) as heard:
            next(iter(heard))
    assert upstream.wait_for(lambda request: request["caller_left"])


def test_the_models_are_listed_and_found(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {*BACKENDS} <= {*names}
    assert client.models.retrieve("gemini").id == "gemini"


async def test_the_asynchronous_client_streams_too(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    _say(upstream, "gemini", EVERYTHING)
    url = f"{gateway.url}/v1"
    client = openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0)
    async with client, client.responses.stream(model="gemini", input="Well?") as stream:
        final = await stream.get_final_response()
    assert _meaning("responses", final) == EVERYTHING.meaning
