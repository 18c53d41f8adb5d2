import json

import pytest

from headgate.agents import create_app
from headgate.agents.telling import NO_ANSWER
from tests.agents.driver import CHAT, PATHS, Answer, Pal, ask, body_for


async def stream(agent: Pal, path: str = CHAT) -> Answer:
    return await ask(create_app(agent, model_name="pal"), path, body_for(path, stream=True))


async def whole(agent: Pal, path: str = CHAT) -> Answer:
    return await ask(create_app(agent, model_name="pal"), path, body_for(path))


def contents(answer: Answer) -> list[str]:
    return [chunk["choices"][0]["delta"].get("content", "") for chunk in answer.chunks[:-1]]


async def test_each_text_is_one_chunk_and_the_last_one_says_stop() -> None:
    answer = await stream(Pal("Hel", "lo", " there", answer="Hello there"))
    first, *rest, last = answer.chunks
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "Hel"}
    assert [chunk["choices"][0]["delta"] for chunk in rest] == [
        {"content": "lo"},
        {"content": " there"},
    ]
    assert last["choices"][0]["delta"] == {}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in (first, *rest))


async def test_the_stream_ends_with_exactly_one_done_and_has_one_id() -> None:
    answer = await stream(Pal("a", "b"))
    assert answer.ended
    assert answer.body.endswith(b"}\n\ndata: [DONE]\n\n")
    assert answer.body.count(b"[DONE]") == 1
    (id_,) = {chunk["id"] for chunk in answer.chunks}
    assert id_.startswith("chatcmpl-")
    assert {chunk["object"] for chunk in answer.chunks} == {"chat.completion.chunk"}
    assert {chunk["model"] for chunk in answer.chunks} == {"pal"}


async def test_two_streams_have_two_ids() -> None:
    first, second = await stream(Pal("a")), await stream(Pal("a"))
    assert first.chunks[0]["id"] != second.chunks[0]["id"]


async def test_a_stream_is_sent_as_one() -> None:
    answer = await stream(Pal("a"))
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["connection"] == "keep-alive"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-request-id"].startswith("req_")


async def test_an_answer_that_was_not_streamed_is_one_chunk() -> None:
    answer = await stream(Pal(answer="All at once"))
    assert contents(answer) == ["All at once"]
    assert answer.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("blank", ["", " \n", None])
@pytest.mark.parametrize("path", list(PATHS))
async def test_an_agent_that_says_nothing_gets_a_sentence(path: str, blank: str | None) -> None:
    for tell in (stream, whole):
        agent = Pal(answer=blank)
        answer = await tell(agent, path)
        assert answer.status == 200
        assert NO_ANSWER.encode() in answer.body
        assert len(agent.calls) == 1, "it is not asked again"


async def test_empty_texts_are_no_chunks() -> None:
    assert contents(await stream(Pal("", "a", "", "b"))) == ["a", "b"]


async def test_what_was_streamed_is_not_sent_again() -> None:
    assert contents(await stream(Pal("Hi", answer="Hi"))) == ["Hi"]


async def test_a_whole_answer_is_what_was_returned_else_what_was_streamed() -> None:
    for agent in (Pal("thinking", answer="Done"), Pal("Do", "ne")):
        message = (await whole(agent)).json["choices"][0]["message"]
        assert message["role"] == "assistant"
        assert message["content"] == "Done"


async def test_a_whole_chat_answer_has_the_shape_that_clients_know() -> None:
    answer = await whole(Pal(answer="Done"))
    assert answer.headers["content-type"] == "application/json"
    body = answer.json
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert body["model"] == "pal"
    assert body["choices"][0]["finish_reason"] == "stop"


async def test_messages_and_responses_streams_are_sentences_of_their_dialects() -> None:
    messages = await stream(Pal("Hel", "lo"), "/v1/messages")
    assert [frame.event for frame in messages.frames] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    responses = await stream(Pal("Hel", "lo"), "/v1/responses")
    events = [frame.event for frame in responses.frames]
    assert events[:2] == ["response.created", "response.in_progress"]
    assert events.count("response.output_text.delta") == 2
    assert events[-1] == "response.completed"
    assert b"[DONE]" not in messages.body + responses.body


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("path", "counters"),
    [
        (CHAT, ("prompt_tokens", "completion_tokens")),
        ("/v1/messages", ("input_tokens", "output_tokens")),
        ("/v1/responses", ("input_tokens", "output_tokens")),
    ],
)
async def test_usage_is_the_agents_own_else_an_estimate_that_says_so(
    path: str, counters: tuple[str, str], streamed: bool
) -> None:
    options = {"stream_options": {"include_usage": True}} if path == CHAT else {}
    body = body_for(path, stream=streamed, **(options if streamed else {}))
    agent = Pal(answer="12345678")
    guessed = await ask(create_app(agent, model_name="pal"), path, body)
    agent.last_usage = {"prompt_tokens": 70, "completion_tokens": 7}  # type: ignore[attr-defined]
    counted = await ask(create_app(agent, model_name="pal"), path, body)
    estimate, own = usage_in(guessed), usage_in(counted)
    assert [estimate[name] for name in counters] == [1, 2]
    assert estimate["estimated"] is True
    assert [own[name] for name in counters] == [70, 7]
    assert "estimated" not in own


def usage_in(answer: Answer) -> dict[str, object]:
    """The last usage that an answer tells, wherever its dialect has it."""
    datas = [f.data for f in answer.frames if f.data != b"[DONE]"] or [answer.body]
    bodies = [json.loads(data) for data in datas]
    found = [body.get("usage") or body.get("response", {}).get("usage") for body in bodies]
    usage: dict[str, object] = next(usage for usage in reversed(found) if usage)
    return usage


async def test_a_providers_own_total_is_kept() -> None:
    agent = Pal(answer="Done")
    total = {"prompt_tokens": 70, "completion_tokens": 7, "total_tokens": 99}
    agent.last_usage = total  # type: ignore[attr-defined]
    assert (await whole(agent)).json["usage"]["total_tokens"] == 99


async def test_a_chat_stream_tells_usage_only_where_it_was_asked_for() -> None:
    assert b"usage" not in (await stream(Pal("Hi"))).body


async def test_half_a_character_passes() -> None:
    answer = await stream(Pal("\ud83d", "\ude00"))
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert "".join(contents(answer)).encode("utf-16", "surrogatepass").decode("utf-16") == "😀"
