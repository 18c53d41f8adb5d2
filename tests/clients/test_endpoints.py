"""The official clients at the endpoints beside the conversations, through a gateway process."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.serving import KEY, KEY_WITHOUT_BACKENDS, config
from tests.faults.books import row_of
from tests.faults.counting_backend import CountingBackend, answer
from tests.faults.serving import backend, model, serving

TRANSCRIPT = (
    b'event: transcript.text.delta\ndata: {"type":"transcript.text.delta","delta":"Hello "}\n\n'
    b'event: transcript.text.delta\ndata: {"type":"transcript.text.delta","delta":"there"}\n\n'
    b'event: transcript.text.done\ndata: {"type":"transcript.text.done","text":"Hello there",'
    b'"usage":{"type":"tokens","input_tokens":14,"output_tokens":5,"total_tokens":19}}\n\n'
)
PICTURES = (
    b"event: image_generation.partial_image\n"
    b'data: {"type":"image_generation.partial_image","b64_json":"QQ==","partial_image_index":0}\n\n'
    b"event: image_generation.completed\n"
    b'data: {"type":"image_generation.completed","b64_json":"QUI=","usage":{"input_tokens":7,'
    b'"output_tokens":100,"total_tokens":107}}\n\n'
)
COMPLETION = b"".join(
    b'data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":%b%b}\n\n'
    % (choices, usage)
    for choices, usage in (
        (b'[{"index":0,"text":"Hello","finish_reason":null,"logprobs":null}]', b""),
        (b'[{"index":0,"text":" there","finish_reason":"stop","logprobs":null}]', b""),
        (b"[]", b',"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}'),
    )
) + (b"data: [DONE]\n\n")


@pytest.fixture(scope="module")
def raw() -> Iterator[CountingBackend]:
    """A backend that answers with given bytes."""
    with CountingBackend() as backend_:
        yield backend_


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, raw: CountingBackend) -> Iterator[Gateway]:
    made = config(upstream.url)
    made["backends"]["raw"] = backend(raw.url, "chat")
    made["models"]["raw"] = model("raw", there="there-1")
    made["backends"]["openai"] = {**backend(raw.url, "responses"), "kind": "openai"}
    made["models"]["openai"] = model("openai", there="gpt-there")
    with serving(made) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _fresh_raw(raw: CountingBackend) -> None:
    raw.reset()


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    url = f"{gateway.url}/v1"
    with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=20.0) as client:
        yield client


@pytest.fixture
def asynchronous(gateway: Gateway) -> openai.AsyncOpenAI:
    url = f"{gateway.url}/v1"
    return openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=20.0)


def row(gateway: Gateway, answered: Any) -> dict[str, Any]:
    """The log's row of what a client's raw response answers."""
    return row_of(gateway, answered.headers["x-request-id"])


def events(data: bytes) -> bytes:
    return answer(200, data, "text/event-stream; charset=utf-8")


# --- embeddings ---


@pytest.mark.parametrize("backend_", ["chat", "responses"])
def test_embeddings_come_as_the_client_decodes_them(
    client: openai.OpenAI, upstream: ScriptedUpstream, gateway: Gateway, backend_: str
) -> None:
    asked = client.embeddings.with_raw_response.create(
        model=backend_, input=["red dog", "cat"], dimensions=16, user="u"
    )
    got = asked.parse()
    plain = client.embeddings.create(
        model=backend_, input=["red dog", "cat"], dimensions=16, encoding_format="float"
    )
    assert [one.embedding for one in got.data] == [one.embedding for one in plain.data]
    assert len(got.data[0].embedding) == 16
    first, second = (one["body"] for one in upstream.requests("POST"))
    assert first == {
        "model": "mock",
        "input": ["red dog", "cat"],
        "dimensions": 16,
        "user": "u",
        "encoding_format": "base64",
    }
    assert second["encoding_format"] == "float"
    noted = row(gateway, asked)
    assert (noted["endpoint"], noted["dialect"]) == ("/v1/embeddings", "embeddings")
    assert (noted["prompt_tokens"], noted["completion_tokens"]) == (3, 0)
    assert (noted["usage_source"], noted["outcome"]) == ("provider", "complete")


def test_token_ids_pass_as_they_are(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    client.embeddings.create(model="chat", input=[[1, 2, 3], [4]])
    assert upstream.requests("POST")[0]["body"]["input"] == [[1, 2, 3], [4]]


async def test_embeddings_come_asynchronously(asynchronous: openai.AsyncOpenAI) -> None:
    async with asynchronous as client:
        got = await client.embeddings.create(model="chat", input="x")
    assert got.usage.prompt_tokens == 1


def test_usage_that_nobody_told_is_estimated_and_marked(
    client: openai.OpenAI, upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    upstream.script(json={"object": "list", "data": [], "model": "m"})
    asked = client.embeddings.with_raw_response.create(
        model="chat", input="x" * 400, encoding_format="float"
    )
    noted = row(gateway, asked)
    assert (noted["prompt_tokens"], noted["completion_tokens"]) == (100, 0)
    assert noted["usage_source"] == "estimated"


# --- completions, moderations, rerank ---


def test_a_whole_completion_comes_with_its_usage(client: openai.OpenAI, gateway: Gateway) -> None:
    asked = client.completions.with_raw_response.create(model="chat", prompt="one two three")
    assert asked.parse().choices[0].text == "one two three"
    noted = row(gateway, asked)
    assert (noted["prompt_tokens"], noted["completion_tokens"]) == (3, 3)


@pytest.mark.parametrize("wants_usage", [False, True])
def test_a_stream_of_a_completion_shows_usage_to_who_asked(
    client: openai.OpenAI, raw: CountingBackend, gateway: Gateway, wants_usage: bool
) -> None:
    raw.answer = events(COMPLETION)
    more: Any = {"stream_options": {"include_usage": True}} if wants_usage else {}
    asked = client.completions.with_raw_response.create(
        model="raw", prompt="Say it", stream=True, **more
    )
    chunks = list(asked.parse())
    assert "".join(c.choices[0].text for c in chunks if c.choices) == "Hello there"
    assert [c.usage is not None for c in chunks].count(True) == int(wants_usage)
    body = json.loads(raw.wait().first)
    assert body == {
        "model": "there-1",
        "prompt": "Say it",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    noted = row(gateway, asked)
    assert (noted["prompt_tokens"], noted["completion_tokens"], noted["stream"]) == (4, 2, True)


def test_a_completion_that_breaks_off_is_an_error(
    client: openai.OpenAI, raw: CountingBackend
) -> None:
    raw.answer = events(COMPLETION[:200])
    stream = client.completions.create(model="raw", prompt="Say it", stream=True)
    with pytest.raises((openai.APIError, openai.APIConnectionError)):
        list(stream)


def test_moderations_come(client: openai.OpenAI, gateway: Gateway) -> None:
    asked = client.moderations.with_raw_response.create(model="chat", input=["a", "b"])
    assert [result.flagged for result in asked.parse().results] == [False, False]
    assert row(gateway, asked)["completion_tokens"] == 0


def test_moderations_without_a_model_ask_for_the_usual_one(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="omni-moderation-latest"):
        client.moderations.create(input="a")


def test_documents_are_ranked(client: openai.OpenAI, gateway: Gateway) -> None:
    asked: Any = {"model": "chat", "query": "red dog", "documents": ["a cat", "red"], "top_n": 1}
    got = client.post("/rerank", cast_to=object, body=asked)
    assert isinstance(got, dict)
    assert [result["index"] for result in got["results"]] == [1]


# --- pictures ---


async def test_pictures_come_whole(asynchronous: openai.AsyncOpenAI, gateway: Gateway) -> None:
    async with asynchronous as client:
        asked = await client.images.with_raw_response.generate(model="chat", prompt="a dog", n=2)
        got = asked.parse()
    assert base64.b64decode((got.data or [])[1].b64_json or "").startswith(b"\x89PNG")
    noted = row(gateway, asked)
    assert (noted["prompt_tokens"], noted["completion_tokens"]) == (2, 2)


def test_partial_pictures_come_as_they_are_made(
    client: openai.OpenAI, raw: CountingBackend, gateway: Gateway
) -> None:
    raw.answer = events(PICTURES)
    asked = client.images.with_raw_response.generate(
        model="raw", prompt="a dog", stream=True, partial_images=1
    )
    kinds = [event.type for event in asked.parse()]
    assert kinds == ["image_generation.partial_image", "image_generation.completed"]
    noted = row(gateway, asked)
    assert (noted["outcome"], noted["completion_tokens"]) == ("complete", 100)


def test_pictures_that_break_off_are_an_error(client: openai.OpenAI, raw: CountingBackend) -> None:
    raw.answer = events(PICTURES[: PICTURES.index(b"event: image_generation.completed")])
    stream = client.images.generate(model="raw", prompt="a dog", stream=True)
    with pytest.raises((openai.APIError, openai.APIConnectionError)):
        list(stream)


def test_pictures_are_edited(client: openai.OpenAI, raw: CountingBackend) -> None:
    raw.answer = answer(200, b'{"created":1,"data":[{"b64_json":"QQ=="}]}')
    images = [("a.png", b"one"), ("b.png", b"two")]
    got = client.images.edit(model="raw", image=images, prompt="a hat")
    assert got.data is not None
    assert got.data[0].b64_json == "QQ=="
    sent = raw.wait()
    assert sent.path == "/v1/images/edits"
    assert all(part in sent.first for part in (b"there-1", b"one", b"two", b"a hat"))


# --- sound ---


def test_a_recording_is_transcribed(
    client: openai.OpenAI, raw: CountingBackend, gateway: Gateway
) -> None:
    raw.answer = answer(
        200,
        b'{"text":"Hello","usage":{"type":"tokens","input_tokens":9,"output_tokens":2,'
        b'"total_tokens":11,"input_token_details":{"audio_tokens":9,"text_tokens":0}}}',
    )
    asked = client.audio.transcriptions.with_raw_response.create(
        model="raw", file=("a.wav", io.BytesIO(b"RIFF" * 200_000)), language="en"
    )
    assert asked.parse().text == "Hello"
    assert raw.wait().size > 800_000
    noted = row(gateway, asked)
    assert (noted["prompt_tokens"], noted["completion_tokens"]) == (9, 2)


def test_seconds_are_no_tokens(
    client: openai.OpenAI, raw: CountingBackend, gateway: Gateway
) -> None:
    raw.answer = answer(200, b'{"text":"Hello","usage":{"type":"duration","seconds":9}}')
    asked = client.audio.transcriptions.with_raw_response.create(model="raw", file=b"RIFF")
    noted = row(gateway, asked)
    assert (noted["prompt_tokens"], noted["usage_source"]) == (None, "provider")


def test_subtitles_come_as_text(client: openai.OpenAI, raw: CountingBackend) -> None:
    raw.answer = answer(200, b"1\n00:00:00,000 --> 00:00:01,000\nHello\n", "text/plain")
    got = client.audio.transcriptions.create(model="raw", file=b"RIFF", response_format="srt")
    assert got == "1\n00:00:00,000 --> 00:00:01,000\nHello\n"


@pytest.mark.parametrize("size", [100, 400_000])
def test_a_transcript_comes_as_it_is_heard(
    client: openai.OpenAI, raw: CountingBackend, gateway: Gateway, size: int
) -> None:
    raw.answer = events(TRANSCRIPT)
    asked = client.audio.transcriptions.with_raw_response.create(
        model="raw", file=b"x" * size, stream=True
    )
    got: Any = list(asked.parse())
    assert [event.type for event in got][-1] == "transcript.text.done"
    noted = row(gateway, asked)
    assert (noted["stream"], noted["outcome"], noted["prompt_tokens"]) == (True, "complete", 14)


def test_a_transcript_that_breaks_off_is_an_error(
    client: openai.OpenAI, raw: CountingBackend
) -> None:
    raw.answer = events(TRANSCRIPT[:200])
    stream = client.audio.transcriptions.create(model="raw", file=b"RIFF", stream=True)
    with pytest.raises((openai.APIError, openai.APIConnectionError)):
        list(stream)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_a_recording_is_translated(
    asynchronous: openai.AsyncOpenAI, raw: CountingBackend
) -> None:
    raw.answer = answer(200, b'{"text":"Hello"}')
    async with asynchronous as client:
        got = await client.audio.translations.create(model="raw", file=b"RIFF")
    assert got.text == "Hello"


def test_speech_comes_as_bytes(
    client: openai.OpenAI, raw: CountingBackend, gateway: Gateway
) -> None:
    sound = bytes(range(256)) * 2000
    raw.answer = answer(200, sound, "audio/mpeg")
    with client.audio.speech.with_streaming_response.create(
        model="raw", voice="alloy", input="Hello there"
    ) as got:
        assert got.headers["content-type"] == "audio/mpeg"
        assert got.headers["content-length"] == str(len(sound))
        assert b"".join(got.iter_bytes()) == sound
    assert json.loads(raw.wait().first)["model"] == "there-1"
    noted = row(gateway, got)
    assert (noted["outcome"], noted["completion_tokens"]) == ("complete", 0)
    assert (noted["prompt_tokens"], noted["usage_source"]) == (2, "estimated")


def test_an_error_of_speech_is_an_error(client: openai.OpenAI, raw: CountingBackend) -> None:
    raw.answer = answer(404, b'{"error":{"message":"No such voice.","type":"t","code":"v"}}')
    with pytest.raises(openai.NotFoundError, match="No such voice"):
        client.audio.speech.create(model="raw", voice="alloy", input="Hello")


# --- counts ---


@pytest.mark.parametrize(
    ("backend_", "count", "estimated"),
    [
        ("messages", 4, None),
        ("gemini", 4, None),
        ("chat", None, "true"),
        ("responses", None, "true"),
    ],
)
def test_tokens_are_counted(
    gateway: Gateway, upstream: ScriptedUpstream, backend_: str, count: int | None, estimated: Any
) -> None:
    with anthropic.Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as client:
        asked = client.messages.with_raw_response.count_tokens(
            model=backend_, messages=[{"role": "user", "content": "one two three four"}]
        )
    said = asked.parse().input_tokens
    assert said == count if count is not None else 4 <= said <= 20
    assert asked.headers.get("x-headgate-estimated") == estimated
    noted = row(gateway, asked)
    assert (noted["endpoint"], noted["dialect"]) == ("/v1/messages/count_tokens", "count_tokens")
    assert (noted["prompt_tokens"], noted["completion_tokens"]) == (0, 0)


def test_openai_is_asked_for_its_count(gateway: Gateway, raw: CountingBackend) -> None:
    raw.answer = answer(200, b'{"object":"response.input_tokens","input_tokens":31}')
    with anthropic.Anthropic(base_url=gateway.url, api_key=KEY, max_retries=0) as client:
        asked = client.messages.with_raw_response.count_tokens(
            model="openai", system="Be brief.", messages=[{"role": "user", "content": "Hello"}]
        )
    assert asked.parse().input_tokens == 31
    assert "x-headgate-estimated" not in asked.headers
    sent = raw.wait()
    assert sent.path == "/v1/responses/input_tokens"
    assert json.loads(sent.first)["model"] == "gpt-there"


def test_who_may_use_nothing_may_count_nothing(gateway: Gateway) -> None:
    key = KEY_WITHOUT_BACKENDS
    with (
        anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0) as client,
        pytest.raises(anthropic.PermissionDeniedError),
    ):
        client.messages.count_tokens(model="chat", messages=[{"role": "user", "content": "x"}])
