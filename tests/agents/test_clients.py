"""The official clients against an agent that is served over a socket."""

import asyncio
import base64
import contextlib
import http.client
import threading
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from headgate.agents import Media, create_app
from tests.agents.served import serving

KEY = "sk-agent"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


class Remembering:
    """Answers with what this session said before; breaks, waits or says nothing when told to."""

    def __init__(self) -> None:
        self.left = threading.Event()
        self.runs = 0
        self._said: dict[str, list[str]] = {}

    async def process_direct(
        self, *, content: str, media: list[Media], session_key: str, on_stream: Any, **_: Any
    ) -> str:
        self.runs += 1
        if content == "break":
            await on_stream("Half an ")
            raise RuntimeError("secret")
        if content == "break at once":
            raise RuntimeError("secret")
        if content == "wait":
            await on_stream("Waiting")
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()
        before = self._said.setdefault(session_key, [])
        pieces = [f"{content} ", f"after {len(before)}", f" with {len(media)}"]
        before.append(content)
        for piece in pieces:
            await on_stream(piece)
        return "".join(pieces)


@pytest.fixture
def agent() -> Remembering:
    return Remembering()


@pytest.fixture
def url(agent: Remembering) -> Iterator[str]:
    with serving(create_app(agent, model_name="pal", api_key=KEY)) as address:
        yield address


@pytest.fixture
def chat(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY) as client:
        yield client


@pytest.fixture
def claude(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key=KEY) as client:
        yield client


def user(content: Any) -> Any:
    return [{"role": "user", "content": content}]


def test_chat_completions_remember_their_session(chat: openai.OpenAI) -> None:
    def say(content: str, **more: Any) -> str | None:
        done = chat.chat.completions.create(model="pal", messages=user(content), extra_body=more)
        assert done.usage is not None
        return done.choices[0].message.content

    assert say("a", session_id="s1") == "a after 0 with 0"
    assert say("b", session_id="s1") == "b after 1 with 0"
    assert say("c", session_id="s2") == "c after 0 with 0"
    assert say("d") == "d after 0 with 0"


def test_a_chat_stream_is_put_together_by_the_client(chat: openai.OpenAI) -> None:
    with chat.chat.completions.stream(model="pal", messages=user("Hi")) as stream:
        chunks = [event.chunk for event in stream if event.type == "chunk"]
        message = stream.get_final_completion().choices[0].message
    assert (message.role, message.content) == ("assistant", "Hi after 0 with 0")
    assert [c.choices[0].delta.content for c in chunks] == ["Hi ", "after 0", " with 0", None]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_images_reach_the_agent_in_every_dialect(
    chat: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    url = f"data:image/png;base64,{PNG}"
    text = {"type": "text", "text": "look"}
    image = {"type": "image_url", "image_url": {"url": url}}
    done = chat.chat.completions.create(model="pal", messages=user([text, image]))
    assert done.choices[0].message.content == "look after 0 with 1"
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    said = claude.messages.create(
        model="pal", max_tokens=99, messages=user([text, {"type": "image", "source": source}])
    )
    assert said.content[0].to_dict()["text"] == "look after 1 with 1"
    parts: Any = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]
    answered = chat.responses.create(model="pal", input=user(parts))
    assert answered.output_text == "look after 2 with 1"


def test_responses_stream_to_their_end(chat: openai.OpenAI) -> None:
    with chat.responses.stream(model="pal", input="Hi") as stream:
        deltas = [e.delta for e in stream if e.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == final.output_text == "Hi after 0 with 0"
    assert final.status == "completed"


def test_messages_stream_to_their_end(claude: anthropic.Anthropic) -> None:
    with claude.messages.stream(model="pal", max_tokens=99, messages=user("Hi")) as stream:
        assert "".join(stream.text_stream) == "Hi after 0 with 0"
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens > 0


def test_a_broken_stream_raises_in_the_clients(
    chat: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    with pytest.raises(openai.APIError, match="The agent failed to answer"):
        list(chat.chat.completions.create(model="pal", messages=user("break"), stream=True))
    with (
        pytest.raises(anthropic.APIError, match="The agent failed to answer"),
        claude.messages.stream(model="pal", max_tokens=9, messages=user("break")) as stream,
    ):
        list(stream)


def test_a_failed_run_is_not_repeated_behind_the_callers_back(
    chat: openai.OpenAI, claude: anthropic.Anthropic, agent: Remembering
) -> None:
    with pytest.raises(openai.InternalServerError):
        chat.chat.completions.create(model="pal", messages=user("break at once"))
    with pytest.raises(anthropic.InternalServerError):
        claude.messages.create(model="pal", max_tokens=9, messages=user("break at once"))
    assert agent.runs == 2


def test_wrong_keys_and_models_raise_what_the_clients_know(
    url: str, chat: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="sk-wrong") as stranger,
        pytest.raises(openai.AuthenticationError, match="Invalid API key"),
    ):
        stranger.models.list()
    with pytest.raises(openai.BadRequestError, match="Only configured model 'pal' is available"):
        chat.chat.completions.create(model="gpt-4o", messages=user("Hi"))
    with pytest.raises(anthropic.BadRequestError, match="Only a single user message is supported"):
        claude.messages.create(model="pal", max_tokens=9, messages=user("a") + user("b"))


def test_both_clients_list_the_model(chat: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    assert [model.id for model in chat.models.list()] == ["pal"]
    assert [model.id for model in claude.models.list()] == ["pal"]


def test_the_agent_stops_when_its_caller_hangs_up(chat: openai.OpenAI, agent: Remembering) -> None:
    stream = chat.chat.completions.create(model="pal", messages=user("wait"), stream=True)
    assert next(iter(stream)).choices[0].delta.content == "Waiting"
    stream.close()
    assert agent.left.wait(10)


def test_files_are_uploaded_as_a_form(url: str) -> None:
    answer = httpx.post(
        f"{url}/v1/chat/completions",
        headers={"authorization": f"Bearer {KEY}"},
        data={"message": "Read", "session_id": "files", "model": "pal"},
        files=[("files", ("a.txt", b"one")), ("files", ("b.txt", b"two"))],
    )
    assert answer.json()["choices"][0]["message"]["content"] == "Read after 0 with 2"


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(url: str) -> None:
    with contextlib.closing(http.client.HTTPConnection(url.removeprefix("http://"))) as caller:
        caller.putrequest("POST", "/v1/chat/completions")
        caller.putheader("authorization", f"Bearer {KEY}")
        caller.putheader("content-length", str(21 * 1024 * 1024))
        caller.endheaders()
        answer = caller.getresponse()
        assert (answer.status, answer.getheader("connection")) == (413, "close")
