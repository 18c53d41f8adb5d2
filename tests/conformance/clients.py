"""What the official clients make of bytes: streams and whole bodies, each in its dialect."""

from collections.abc import Callable, Mapping
from typing import Any

import anthropic
import httpx2
import openai
from openai.lib.streaming.chat import ChatCompletionStreamState

from tests.conformance import meaning
from tests.conformance.meaning import Json, Meaning

SSE = "text/event-stream"
ASKED: Any = [{"role": "user", "content": "hi"}]


class _Wire:
    """The body of the next answer, behind an HTTP client that never leaves the process."""

    def __init__(self) -> None:
        self.reply = httpx2.Response(500)
        self.http = httpx2.Client(transport=httpx2.MockTransport(lambda _: self.reply))

    def load(self, content: bytes, status: int, kind: str) -> None:
        self.reply = httpx2.Response(status, headers={"content-type": kind}, content=content)


_WIRE = _Wire()
_OPENAI = openai.OpenAI(
    api_key="k", base_url="http://gateway/v1", http_client=_WIRE.http, max_retries=0
)
_ANTHROPIC = anthropic.Anthropic(
    api_key="k", base_url="http://gateway", http_client=_WIRE.http, max_retries=0
)

ERRORS = (openai.APIError, anthropic.APIError)
"""What the clients raise where a gateway tells of an error."""


def chat_stream(stream: bytes) -> Json:
    """The completion that the client's own accumulator makes. Raises where a chunk offends it."""
    _WIRE.load(stream, 200, SSE)
    state = ChatCompletionStreamState()
    usage = None
    with _OPENAI.chat.completions.create(model="m", messages=ASKED, stream=True) as chunks:
        for chunk in chunks:
            state.handle_chunk(chunk)
            usage = chunk.usage or usage
    found: dict[str, Any] = state.current_completion_snapshot.to_dict(warnings=False)
    return {**found, "usage": usage.to_dict(warnings=False) if usage else None}


def messages_stream(stream: bytes) -> Json:
    """The message that the client's helper makes."""
    _WIRE.load(stream, 200, SSE)
    helper = _ANTHROPIC.beta.messages.stream(model="m", max_tokens=1, messages=ASKED)
    with helper as opened:
        message: dict[str, Any] = opened.get_final_message().to_dict(warnings=False)
    return message


def responses_stream(stream: bytes) -> Json:
    """The response in the last event; the helper is held to it where it stands for whole ones."""
    _WIRE.load(stream, 200, SSE)
    final: dict[str, Any] | None = None
    with _OPENAI.responses.create(model="m", input="hi", stream=True) as events:
        for event in events:
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = event.response.to_dict(warnings=False)
    if final is None:
        raise openai.OpenAIError("no last event")
    return final


def responses_helper(stream: bytes) -> Json:
    """The response that the client's helper puts together."""
    _WIRE.load(stream, 200, SSE)
    with _OPENAI.responses.stream(model="m", input="hi") as opened:
        deltas = [e.delta for e in opened if e.type == "response.output_text.delta"]
        final = opened.get_final_response()
    found: dict[str, Any] = final.to_dict(warnings=False)
    assert sorted("".join(deltas)) == sorted(final.output_text)  # parts may overlap
    return found


def chat_body(body: bytes, status: int = 200) -> Json:
    """A completion as the client parses it."""
    _WIRE.load(body, status, "application/json")
    found: dict[str, Any] = _OPENAI.chat.completions.create(model="m", messages=ASKED).to_dict(
        warnings=False
    )
    return found


def messages_body(body: bytes, status: int = 200) -> Json:
    """A message as the client parses it."""
    _WIRE.load(body, status, "application/json")
    made = _ANTHROPIC.beta.messages.create(model="m", max_tokens=1, messages=ASKED)
    found: dict[str, Any] = made.to_dict(warnings=False)
    return found


def responses_body(body: bytes, status: int = 200) -> Json:
    """A response as the client parses it."""
    _WIRE.load(body, status, "application/json")
    found: dict[str, Any] = _OPENAI.responses.create(model="m", input="hi").to_dict(warnings=False)
    return found


def _said(item: Json) -> Json:
    """An item without what the helper adds: parsed arguments and texts."""
    said = {key: value for key, value in item.items() if not key.startswith("parsed")}
    if isinstance(said.get("content"), list):
        said["content"] = [_said(part) for part in said["content"]]
    return said


def _responses_strictly(stream: bytes) -> Json:
    final = responses_stream(stream)
    if final["status"] == "completed":
        helped = responses_helper(stream)["output"]
        assert [_said(item) for item in helped] == [_said(item) for item in final["output"]]
    return final


STREAMS: Mapping[str, Callable[[bytes], Meaning]] = {
    "chat": lambda stream: meaning.of_chat(chat_stream(stream)),
    "messages": lambda stream: meaning.of_messages(messages_stream(stream)),
    "responses": lambda stream: meaning.of_responses(_responses_strictly(stream)),
}
"""What a caller's client makes of a stream, by dialect."""

BODIES: Mapping[str, Callable[[bytes, int], Json]] = {
    "chat": chat_body,
    "messages": messages_body,
    "responses": responses_body,
}

OF: Mapping[str, Callable[[Json], Meaning]] = {
    "chat": meaning.of_chat,
    "messages": meaning.of_messages,
    "responses": meaning.of_responses,
}
