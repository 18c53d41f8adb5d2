"""Answers are read back from every form in which the log keeps them."""

import msgspec
import pytest

from headgate.admin.logged_reply import logged_reply, logged_stream
from headgate.dialects.table import DIALECTS
from headgate.model.parts import Reasoning, Text, ToolCall
from headgate.model.reply import Reply
from headgate.pipeline.compact import StreamDetail
from headgate.pipeline.recording import Recording
from tests.faults.streams import FRAMES
from tests.faults.whole_replies import REPLIES

CALLERS = ("chat", "messages", "responses")


def text_of(reply: Reply | None) -> str:
    assert reply is not None
    return "".join(part.text for part in reply.choices[0].parts if isinstance(part, Text))


@pytest.mark.parametrize("mode", ["compact", "raw", "both"])
@pytest.mark.parametrize("dialect", CALLERS)
def test_a_stream_is_read_back_in_every_form(dialect: str, mode: StreamDetail) -> None:
    recording = Recording(mode, dialect)
    for frame in FRAMES[dialect]:
        recording.take(frame)
    assert text_of(logged_reply(DIALECTS[dialect], recording.body())) == "Hello"


@pytest.mark.parametrize("dialect", CALLERS)
def test_a_whole_reply_is_read_back(dialect: str) -> None:
    recording = Recording("off", dialect)
    recording.take_whole(msgspec.json.encode(REPLIES[dialect]))
    reply = logged_reply(DIALECTS[dialect], recording.body())
    assert reply is not None
    assert reply.choices[0].parts


def test_thoughts_and_calls_of_the_short_form_come_back() -> None:
    body = (
        '{"format":"kyush.chat_stream.compact.v1","choices":[{"index":1,"reasoning":"hm",'
        '"content":"yes","tool_calls":[{"index":0,"id":"c","function":{"name":"f",'
        '"arguments":"{}"}}]}]}'
    )
    reply = logged_reply(DIALECTS["chat"], body)
    assert reply is not None
    parts = (Reasoning("hm"), Text("yes"), ToolCall("c", "f", "{}"))
    assert (reply.choices[0].index, reply.choices[0].parts) == (1, parts)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "nonsense",
        '{"error": {"message": "no"}}',
        '{"format": "kyush.chat_stream.compact.v1", "choices": 3}',
        '{"format": "kyush.chat_stream.raw.v1", "raw_sse": "data: {"}',
        '{"choices": [{"index": 0, "mess',
    ],
)
def test_what_is_no_answer_is_none(body: str | None) -> None:
    assert logged_reply(DIALECTS["chat"], body) is None


@pytest.mark.parametrize("mode", ["compact", "raw", "both", "off"])
@pytest.mark.parametrize("dialect", CALLERS)
def test_a_stream_is_shown_as_far_as_it_was_kept(dialect: str, mode: StreamDetail) -> None:
    recording = Recording(mode, dialect)
    for frame in FRAMES[dialect]:
        recording.take(frame)
    body = recording.body()
    text = b"".join(FRAMES[dialect]).decode()
    shown = {"compact": (body, "application/json"), "off": None}
    assert logged_stream(body) == shown.get(mode, (text, "text/event-stream"))


def test_a_whole_reply_is_no_stream() -> None:
    assert logged_stream('{"error": {"message": "no"}}') is None
