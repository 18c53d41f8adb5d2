import base64
from typing import Any

import pytest

from headgate.dialects.messages.parts_read import read_content, read_mark
from headgate.model.fault import Refused
from headgate.model.parts import (
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    Inline,
    Part,
    PlainText,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Vendor,
)
from headgate.model.state import OpaqueState, seal

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n0000").decode()


def _one(**block: Any) -> Part:
    (part,) = read_content([block], "content")
    return part


def test_a_string_is_text_and_nothing_is_nothing() -> None:
    assert read_content("hi", "content") == (Text("hi"),)
    assert read_content("", "content") == ()
    assert read_content(None, "content") == ()


def test_text_keeps_its_mark_its_citations_and_what_we_do_not_know() -> None:
    cited = {"type": "char_location", "cited_text": "x", "document_index": 0}
    mark = {"type": "ephemeral"}
    part = _one(type="text", text="a", cache_control=mark, citations=[cited], new=1)
    assert part == Text(
        "a",
        (Citation(cited_text="x", native=cited, dialect="messages"),),
        cache=CacheMark(None, mark),
        extras={"new": 1},
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"type": "base64", "media_type": "image/png", "data": PNG}, Inline("image/png", PNG)),
        ({"type": "url", "url": "https://x/y.png"}, Url("https://x/y.png")),
        ({"type": "file", "file_id": "file_1"}, FileId("file_1", "messages")),
    ],
)
def test_an_image_has_a_source(source: dict[str, Any], expected: Any) -> None:
    assert _one(type="image", source=source) == Image(expected)


def test_t91_the_bytes_tell_the_type_of_an_image() -> None:
    source = {"type": "base64", "media_type": "image/jpg", "data": PNG}
    assert _one(type="image", source=source) == Image(Inline("image/png", PNG))


def test_a_document_keeps_all_that_stands_beside_it() -> None:
    part = _one(
        type="document",
        source={"type": "text", "media_type": "text/plain", "data": "words"},
        title="t",
        context="c",
        citations={"enabled": True},
    )
    assert part == Document(PlainText("words"), "t", "c", cite=True)


@pytest.mark.parametrize("kind", ["image", "document"])
def test_a_source_that_only_this_dialect_has_rides_whole(kind: str) -> None:
    block = {"type": kind, "source": {"type": "content", "content": []}}
    assert read_content([block], "content") == (Vendor("messages", block),)


def test_thinking_carries_the_vendors_signature() -> None:
    state = OpaqueState("anthropic", "sig")
    assert _one(type="thinking", thinking="hm", signature="sig") == Reasoning("hm", state=state)


def test_sealed_thinking_is_unsealed_and_unsigned_thinking_has_no_state() -> None:
    foreign = OpaqueState("openai", "enc", "encrypted", "rs_1")
    assert _one(type="thinking", thinking="", signature=seal(foreign)) == Reasoning(state=foreign)
    unsigned = seal(OpaqueState("unsigned", ""))
    assert _one(type="thinking", thinking="hm", signature=unsigned) == Reasoning("hm")
    assert _one(type="thinking", thinking="hm", signature="hg1.damaged") == Reasoning("hm")


def test_redacted_thinking_is_state_alone() -> None:
    expected = Reasoning(state=OpaqueState("anthropic", "xyz", "redacted"))
    assert _one(type="redacted_thinking", data="xyz") == expected


def test_a_call_has_json_arguments() -> None:
    part = _one(type="tool_use", id="t", name="look", input={"a": 1}, toolset_name="desk")
    assert part == ToolCall("t", "look", '{"a":1}', extras={"toolset_name": "desk"})


def test_a_result_holds_blocks_or_text() -> None:
    assert _one(type="tool_result", tool_use_id="t", content="ok") == ToolResult("t", (Text("ok"),))
    assert _one(type="tool_result", tool_use_id="t") == ToolResult("t")
    source = {"type": "url", "url": "https://x"}
    part = _one(type="tool_result", tool_use_id="t", content=[{"type": "image", "source": source}])
    assert part == ToolResult("t", (Image(Url("https://x")),))


@pytest.mark.parametrize("kind", ["server_tool_use", "mcp_tool_result", "container_upload", "new"])
def test_blocks_of_the_vendor_ride_whole(kind: str) -> None:
    block = {"type": kind, "id": "srv", "content": [{"x": 1}]}
    assert read_content([block], "content") == (Vendor("messages", block),)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": 5},
        {"type": "image", "source": "x"},
        {"type": "image", "source": {"type": "base64", "data": "x"}},
        {"type": "tool_use", "id": 5, "name": "a"},
        {"type": "tool_result", "tool_use_id": "t", "is_error": "yes"},
        {
            "type": "tool_result",
            "tool_use_id": "t",
            "content": [{"type": "tool_use", "id": "a", "name": "b"}],
        },
        {"type": "text", "text": "a", "cache_control": "yes"},
        {"type": 5},
    ],
)
def test_a_block_that_is_wrong_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        read_content([block], "messages.0.content")
    assert (caught.value.fault.param or "").startswith("messages")


def test_a_mark_keeps_its_native_form() -> None:
    native = {"type": "ephemeral", "ttl": "1h", "scope": "global"}
    assert read_mark({"cache_control": native}, "x") == CacheMark("1h", native)
