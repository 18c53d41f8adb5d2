from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from headgate.dialects.destination import Source
from headgate.dialects.messages.reply_read import read_reply
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Citation, Reasoning, Text, ToolCall, Vendor
from headgate.model.reply import Reply
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage
from tests.dialects.messages import given


def _reply(*content: Any, source: Source = given.ANTHROPIC, **fields: Any) -> Reply:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
        **fields,
    }
    return read_reply(msgspec.json.encode(body), source)


def _parts(*content: Any, source: Source = given.ANTHROPIC) -> tuple[Any, ...]:
    return _reply(*content, source=source).choices[0].parts


def test_the_head_of_a_reply() -> None:
    reply = _reply({"type": "text", "text": "hi"})
    assert (reply.id, reply.model) == ("msg_1", "claude")
    assert reply.usage == Usage(3, 4, dialect="messages")
    assert reply.choices[0].reason == "end"


def test_every_kind_of_block() -> None:
    web = {"type": "web_search_result_location", "url": "https://x", "encrypted_index": "e"}
    server = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    assert _parts(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "hi", "citations": [web]},
        server,
        {"type": "tool_use", "id": "t", "name": "look", "input": {"a": 1}, "caller": {"x": 1}},
    ) == (
        Reasoning("hm", state=OpaqueState("anthropic", "sig")),
        Reasoning(state=OpaqueState("anthropic", "xyz", "redacted")),
        Text("hi", (Citation("https://x", native=web, dialect="messages"),)),
        Vendor("messages", server),
        ToolCall("t", "look", '{"a":1}', extras=given.owned(caller={"x": 1})),
    )


def test_state_belongs_to_the_vendor_that_sent_it() -> None:
    (part,) = _parts(
        {"type": "thinking", "thinking": "", "signature": "k"}, source=Source(vendor="kimi")
    )
    assert part.state == OpaqueState("kimi", "k")


def test_tools_get_their_callers_names_back() -> None:
    source = Source(
        vendor="anthropic",
        tools={"crm__look": ToolRef("look", "crm"), "patch": ToolRef("patch", custom=True)},
    )
    assert _parts(
        {"type": "tool_use", "id": "a", "name": "crm__look", "input": {}},
        {"type": "tool_use", "id": "b", "name": "patch", "input": {"input": "*** Begin"}},
        source=source,
    ) == (
        ToolCall("a", "look", "{}", namespace="crm"),
        ToolCall("b", "patch", "*** Begin", custom=True),
    )


def test_t32_the_stand_in_for_a_schema_is_text_and_an_ordinary_end() -> None:
    reply = _reply(
        {"type": "tool_use", "id": "a", "name": "json_output", "input": {"joke": "x"}},
        source=Source(vendor="anthropic", schema_tool="json_output"),
        stop_reason="tool_use",
    )
    assert reply.choices[0].parts == (Text('{"joke":"x"}'),)
    assert reply.choices[0].reason == "end"


def test_an_error_with_status_200_is_a_refusal() -> None:
    with pytest.raises(Refused) as caught:
        read_reply(
            b'{"type":"error","error":{"type":"rate_limit_error","message":"m"}}', given.ANTHROPIC
        )
    assert caught.value.fault.kind == "rate_limited"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"content":5}'])
def test_what_is_no_reply_breaks(body: bytes) -> None:
    with pytest.raises(StreamBroken):
        read_reply(body, given.ANTHROPIC)


_VALUES = st.none() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
_BLOCKS = st.dictionaries(
    st.sampled_from(["type", "text", "id", "name", "input", "signature", "citations", "data"]),
    _VALUES | st.sampled_from(["text", "thinking", "tool_use", "redacted_thinking"]),
    max_size=5,
)


@drawn(st.lists(_BLOCKS | st.integers(), max_size=4), _VALUES)
def test_any_blocks_are_borne_and_told_again(content: list[Any], usage: Any) -> None:
    reply = _reply(*content, usage=usage, stop_reason=usage)
    assert given.CALLER.write_reply(reply, given.context()).body
