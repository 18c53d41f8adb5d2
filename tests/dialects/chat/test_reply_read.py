from typing import Any

import pytest

from headgate.dialects.chat.reply_read import read_reply
from headgate.dialects.destination import Source
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Reasoning, Refusal, Text, ToolCall, Vendor
from headgate.model.reply import Reply
from headgate.model.request import ToolRef
from tests.dialects.chat.sample import SOURCE, call, chunk, encode, read
from tests.recordings import exchanges
from tests.streams import fold


def reply(message: Any, finish: str | None = "stop", **more: Any) -> Reply:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return read_reply(
        encode({"id": "r1", "model": "m1", "created": 7, "choices": [choice], **more}), SOURCE
    )


def parts(message: Any) -> tuple[Any, ...]:
    return reply(message).choices[0].parts


@pytest.mark.parametrize("row", exchanges("chat"))
def test_every_recorded_reply_is_read_or_is_an_error(row: dict[str, Any]) -> None:
    body = encode(row["response"])
    if "choices" not in row["response"]:
        with pytest.raises((Refused, StreamBroken)):
            read_reply(body, SOURCE)
        return
    found = read_reply(body, SOURCE)
    for choice, said in zip(found.choices, row["response"]["choices"], strict=True):
        calls = [part.name for part in choice.parts if isinstance(part, ToolCall)]
        given = said["message"].get("tool_calls") or []
        legacy = (said["message"].get("function_call") or {}).get("name")
        assert calls == [c["function"]["name"] for c in given if c["function"]["name"]] + (
            [legacy] if legacy else []
        )
        content = said["message"].get("content")
        text = "".join(part.text for part in choice.parts if isinstance(part, Text))
        if isinstance(content, str):
            assert text == content
        assert choice.finish is not None


@pytest.mark.parametrize(
    ("delta", "finish"),
    [
        ({"content": "a"}, "stop"),
        ({"content": "a", "reasoning": "r"}, "length"),
        ({"content": None, "tool_calls": [call(0, "c", "f", {"x": 1})]}, "stop"),
        ({"refusal": "No"}, "stop"),
        (
            {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]},
            "eos",
        ),
        ({"function_call": {"name": "f", "arguments": "{}"}}, "function_call"),
        ({"audio": {"id": "a", "data": "AA", "transcript": "t"}}, "stop"),
        ({"content": "a", "images": [{"type": "image_url", "image_url": {"url": "u:x"}}]}, "stop"),
        (
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "t", "signature": "s", "format": "f"}
                ],
                "content": "a",
            },
            "stop",
        ),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "d", "id": "i"}]}, "stop"),
    ],
)
def test_a_stream_and_a_whole_reply_mean_the_same(delta: dict[str, Any], finish: str) -> None:
    whole = reply(delta, finish)
    streamed = fold(read(chunk(delta, finish)))
    assert streamed.choices == whole.choices
    assert (streamed.id, streamed.model, streamed.created) == ("r1", "m1", 7)


def test_an_error_under_status_200_is_a_refusal() -> None:
    with pytest.raises(Refused) as caught:
        read_reply(encode({"error": {"message": "boom", "code": 429}}), SOURCE)
    assert caught.value.fault.http_status == 429
    with pytest.raises(Refused):
        reply({"content": ""}, "error")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"detail":"x"}', b'{"choices":5}'])
def test_what_is_no_reply_breaks(body: bytes) -> None:
    with pytest.raises((StreamBroken, Refused)):
        read_reply(body, SOURCE)


def test_placeholders_of_nothing_are_nothing() -> None:
    message = {
        "content": "",
        "refusal": "",
        "audio": {"id": "", "data": "", "transcript": ""},
        "function_call": {"name": "", "arguments": ""},
        "tool_calls": [
            {
                "id": "c",
                "type": "function",
                "custom": {"name": "", "input": ""},
                "function": {"name": "f", "arguments": "{}"},
            }
        ],
    }
    assert parts(message) == (ToolCall("c", "f", "{}"),)
    assert reply(message, "").choices[0].reason == "tools"


def test_custom_and_namespaced_calls_come_back_as_the_callers() -> None:
    source = Source(vendor="v", tools={"p": ToolRef("p", custom=True), "n__f": ToolRef("f", "n")})
    calls = [call(0, "a", "p", '{"input":"raw"}'), call(1, "b", "n__f", "{}")]
    body = {"choices": [{"message": {"tool_calls": calls}}]}
    assert read_reply(encode(body), source).choices[0].parts == (
        ToolCall("a", "p", "raw", custom=True),
        ToolCall("b", "f", "{}", namespace="n"),
    )


def test_t20_one_call_where_one_was_asked_for_and_t32_the_schema_tool_as_text() -> None:
    calls = [call(0, "a", "f", "{}"), call(1, "b", "f", "{}")]
    body = encode({"choices": [{"message": {"tool_calls": calls}}]})
    assert len(read_reply(body, Source(one_tool_call=True)).choices[0].parts) == 1
    assert read_reply(body, Source(schema_tool="f")).choices[0].parts == (Text("{}"), Text("{}"))


def test_unknown_content_rides_whole() -> None:
    reference = {"type": "reference", "reference_ids": [1]}
    assert parts({"content": [{"type": "text", "text": "a"}, reference]}) == (
        Text("a"),
        Vendor("chat", reference),
    )


def test_old_completions_text_is_text() -> None:
    body = encode({"choices": [{"text": "a", "finish_reason": "stop"}]})
    assert read_reply(body, SOURCE).choices[0].parts == (Text("a"),)


def test_sources_beside_the_choices_cite_the_text() -> None:
    found = reply({"content": "a"}, citations=["u"], search_results=[{"url": "u", "title": "T"}])
    (text,) = found.choices[0].parts
    assert isinstance(text, Text)
    assert [(c.url, c.title) for c in text.citations] == [("u", "T")]


def test_refusal_and_reasoning_stand_apart_from_the_text() -> None:
    assert parts({"content": "a", "refusal": "No", "reasoning_content": "hm"}) == (
        Reasoning("hm"),
        Text("a"),
        Refusal("No"),
    )
