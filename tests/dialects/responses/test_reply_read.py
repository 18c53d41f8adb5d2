from typing import Any

import msgspec
import pytest

from headgate.dialects.destination import Source
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Reasoning, Refusal, Text, ToolCall, Vendor
from headgate.model.reply import Reply
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from tests.dialects.responses import given

MESSAGE = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "hi"}],
}


def _read(source: Source = given.OPENAI, **fields: Any) -> Reply:
    body = {"id": "resp_1", "model": "m", "created_at": 5, "output": [], **fields}
    return given.BACKEND.read_reply(msgspec.json.encode(body), source)


def test_every_kind_of_item_is_read() -> None:
    reply = _read(
        status="completed",
        output=[
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "blob"},
            {"type": "web_search_call", "id": "ws_1"},
            MESSAGE,
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        ],
    )
    assert (reply.id, reply.model, reply.created) == ("resp_1", "m", 5)
    (choice,) = reply.choices
    assert choice.reason == "tools"
    assert choice.parts == (
        Reasoning(
            "",
            True,
            OpaqueState("openai", "blob", "encrypted", "rs_1"),
            {"responses": {"id": "rs_1"}},
        ),
        Vendor("responses", {"type": "web_search_call", "id": "ws_1"}),
        Text("hi"),
        ToolCall("c", "f"),
    )


def test_state_belongs_to_the_backends_vendor() -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": "blob"}
    (part,) = _read(Source(vendor="xai"), output=[item]).choices[0].parts
    assert isinstance(part, Reasoning)
    assert part.state == OpaqueState("xai", "blob", "encrypted")


def test_tools_are_called_as_the_caller_calls_them() -> None:
    source = Source(tools={"ns__f": ToolRef("f", "ns"), "patch": ToolRef("patch", None, True)})
    calls = [
        {"type": "function_call", "call_id": "1", "name": "ns__f", "arguments": "{}"},
        {"type": "function_call", "call_id": "2", "name": "patch", "arguments": '{"input":"x"}'},
        {"type": "function_call", "call_id": "3", "name": "f", "namespace": "own"},
    ]
    assert _read(source, output=calls).choices[0].parts == (
        ToolCall("1", "f", namespace="ns"),
        ToolCall("2", "patch", "x", True),
        ToolCall("3", "f", namespace="own"),
    )


def test_a_refusal_ends_with_a_refusal() -> None:
    message = {**MESSAGE, "content": [{"type": "refusal", "refusal": "no"}]}
    (choice,) = _read(output=[message]).choices
    assert choice.parts == (Refusal("no"),)
    assert choice.reason == "refusal"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "failed", "error": {"code": "server_error", "message": "broke"}},
        {"status": "failed", "error": None},
        {"error": {"message": "broke"}},
        {"status": "cancelled"},
    ],
)
def test_t24_a_failure_is_no_reply(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        _read(**fields)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"choices":[]}', b'{"output":null}'])
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    with pytest.raises(StreamBroken):
        given.BACKEND.read_reply(body, given.OPENAI)
    with pytest.raises(StreamBroken):
        given.BACKEND.read_facts(body)


def test_facts_of_a_failure_carry_its_fault() -> None:
    facts = given.BACKEND.read_facts(b'{"status":"failed","error":{"message":"broke"},"output":[]}')
    assert facts.fault is not None
    assert facts.fault.message == "broke"
    assert not facts.finished


def test_facts_are_read_from_bodies_that_the_strict_decoder_refuses() -> None:
    body = b'{"id":"r","output":["\\ud83d"],"usage":{"input_tokens":1,"output_tokens":2}}'
    facts = given.BACKEND.read_facts(body)
    assert facts.id == "r"
    assert facts.usage is not None
    assert facts.usage.total_tokens == 3
    with pytest.raises(StreamBroken):
        given.BACKEND.read_facts(b'{"output":"\xff","id":"\xff"')


def test_broken_items_do_no_harm() -> None:
    reply = _read(output=[3, None, {}, {"type": "message"}, {"type": "message", "content": [3]}])
    assert isinstance(reply.choices, tuple)
