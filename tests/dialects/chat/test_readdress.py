import json
from typing import Any

import msgspec
import pytest

from headgate.dialects.chat.envelope import read_envelope
from headgate.dialects.chat.readdress import readdress
from headgate.dialects.destination import Destination, Quirks
from headgate.model.state import OpaqueState, seal
from tests.dialects.chat.sample import encode
from tests.recordings import exchanges, streams


def send(body: bytes, vendor: str = "v", model: str = "up/stream", **quirks: Any) -> bytes:
    destination = Destination(model=model, vendor=vendor, quirks=Quirks(**quirks))
    return readdress(body, read_envelope(body), destination)


def body(**fields: Any) -> bytes:
    return encode({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields})


@pytest.mark.parametrize("row", [*streams("chat"), *exchanges("chat")])
def test_every_recorded_request_keeps_every_byte_but_the_models(row: dict[str, Any]) -> None:
    said = json.dumps(row["request"], ensure_ascii=False).encode()
    asked = (row["request"].get("stream_options") or {}).get("include_usage")
    told = send(said, usage_in_stream=bool(asked))
    old, new = (
        f'"model": {json.dumps(m)}'.encode() for m in (row["request"]["model"], "up/stream")
    )
    assert told == said.replace(old, b'"model": ' + new[9:], 1)


def test_nothing_changes_where_nothing_must() -> None:
    odd = b'{ "model" : "m",\n"messages":[ ] , "unknown": 1.0e3, "unknown": 2 }'
    assert send(odd, model="m") == odd


def test_usage_is_asked_for_unless_the_caller_did() -> None:
    def options(**fields: Any) -> Any:
        return json.loads(send(body(**fields))).get("stream_options")

    assert options(stream=True) == {"include_usage": True}
    assert options() is None
    assert options(stream=True, stream_options=None) == {"include_usage": True}
    given = {"include_obfuscation": False, "include_usage": False}
    assert options(stream=True, stream_options=given) == {**given, "include_usage": True}


def test_a_backend_that_knows_no_options_gets_none() -> None:
    said = body(stream=True, stream_options={"include_usage": True})
    assert b"stream_options" not in send(said, usage_in_stream=False)


def test_refused_fields_are_taken_out_at_the_top_alone() -> None:
    said = body(store=True, metadata={"store": "x"})
    told = json.loads(send(said, refuses_fields=frozenset({"store"})))
    assert "store" not in told
    assert told["metadata"] == {"store": "x"}


def test_the_caps_name_is_changed_for_those_who_know_the_old_one_alone() -> None:
    said = body(max_completion_tokens=5)
    assert json.loads(send(said, max_tokens_field="max_tokens"))["max_tokens"] == 5
    assert b"max_completion_tokens" in send(said)
    assert b'"max_tokens"' in send(body(max_tokens=5))


def test_the_developer_is_the_system_where_he_is_unknown() -> None:
    said = encode({"model": "m", "messages": [{"role": "developer", "content": "x"}]})
    assert json.loads(send(said, developer_role=False))["messages"][0]["role"] == "system"
    assert b"developer" in send(said)


def test_ids_are_shortened_where_they_must_be() -> None:
    messages = [
        {"role": "assistant", "tool_calls": [{"id": "call_long_long", "function": {}}]},
        {"role": "tool", "tool_call_id": "call_long_long", "content": ""},
    ]
    said = encode({"model": "m", "messages": messages})
    call, result = json.loads(send(said, nine_character_tool_ids=True))["messages"]
    assert call["tool_calls"][0]["id"] == result["tool_call_id"]
    assert len(result["tool_call_id"]) == 9


def test_t90_a_body_of_the_flat_form_is_put_into_messages() -> None:
    said = encode({"model": "m", "input": "Hi", "stream": True})
    told = json.loads(send(said))
    assert told["messages"] == [{"role": "user", "content": "Hi"}]
    assert told["model"] == "up/stream"


def sealed(state: OpaqueState) -> bytes:
    entry = {
        "type": "reasoning.text",
        "text": "hm",
        "signature": seal(state),
        "format": "headgate",
        "id": "c",
        "index": 0,
    }
    call = {"id": "c", "extra_content": {"x": {"thought_signature": seal(state)}}}
    native = {"type": "reasoning.encrypted", "data": "bare", "index": 1}
    message = {
        "role": "assistant",
        "content": "a",
        "reasoning_details": [entry, native],
        "tool_calls": [call, {"id": "d", "extra_content": {"y": 1}}],
    }
    return encode({"model": "m", "messages": [message]})


def test_t85_sealed_state_is_opened_for_its_issuer() -> None:
    (message,) = json.loads(send(sealed(OpaqueState("v", "sig", id="r1"))))["messages"]
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "signature": "sig", "id": "r1", "index": 0},
        {"type": "reasoning.encrypted", "data": "bare", "index": 1},
    ]
    assert message["tool_calls"][0]["extra_content"] == {"v": {"thought_signature": "sig"}}


@pytest.mark.parametrize("damage", [False, True])
def test_t85_sealed_state_of_others_and_damaged_one_is_taken_out(damage: bool) -> None:
    said = sealed(OpaqueState("anthropic", "sig"))
    said = said.replace(b"hg1.anthropic.", b"hg1.v.AAAA") if damage else said
    (message,) = json.loads(send(said))["messages"]
    assert [e["data"] for e in message["reasoning_details"]] == ["bare"]
    assert message["tool_calls"] == [{"id": "c"}, {"id": "d", "extra_content": {"y": 1}}]
    assert "hg1." not in msgspec.json.encode(message).decode()


def test_words_that_look_sealed_are_words() -> None:
    said = encode({"model": "m", "messages": [{"role": "user", "content": "hg1.x"}]})
    assert send(said, model="m") == said
