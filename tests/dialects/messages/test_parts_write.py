import base64
from typing import Any

import pytest

from headgate.dialects.destination import Quirks
from headgate.dialects.messages.losses import Losses
from headgate.dialects.messages.parts_write import write_part
from headgate.dialects.messages.writing import Writing
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    Inline,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Vendor,
)
from headgate.model.state import OpaqueState
from headgate.model.tool_names import ToolNames
from tests.dialects.messages import given

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n0000").decode()


def _writing(dialect: str = "chat", quirks: Quirks | None = None, **able: Any) -> Writing:
    target = given.destination(quirks=quirks, **able)
    return Writing(dialect == "messages", target, ToolNames(()), Losses(dialect))


def _block(part: Part, role: str = "user", writing: Writing | None = None) -> dict[str, Any]:
    (block,) = write_part(part, role, writing or _writing())
    return block


def test_text_and_refusal_are_text() -> None:
    assert _block(Text("hi", cache=CacheMark())) == {
        "type": "text",
        "text": "hi",
        "cache_control": {"type": "ephemeral"},
    }
    assert _block(Refusal("no"), "assistant") == {"type": "text", "text": "no"}


def test_foreign_citations_are_a_loss_and_native_ones_go_back() -> None:
    writing = _writing()
    assert "citations" not in _block(Text("hi", (Citation("https://x"),)), "assistant", writing)
    assert writing.losses.found() == ("messages.annotations",)
    native = {"type": "page_location"}
    cited = Citation(native=native, dialect="messages")
    assert _block(Text("hi", (cited,)))["citations"] == [native]


def test_t91_the_bytes_of_an_image_tell_its_type() -> None:
    block = _block(Image(Inline("image/jpg", PNG)))
    assert block["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}
    jpg = _block(Image(Inline("image/jpg", "AAAA")))
    assert jpg["source"]["media_type"] == "image/jpeg"


@pytest.mark.parametrize("kind", ["image/svg+xml", "image/bmp", "application/octet-stream"])
def test_an_image_that_the_vendor_refuses_is_refused_here(kind: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        _block(Image(Inline(kind, "AAAA")))
    assert caught.value.fault.param == "messages.image"


def test_an_image_by_address_or_by_file() -> None:
    assert _block(Image(Url("https://x")))["source"] == {"type": "url", "url": "https://x"}
    file = _block(Image(FileId("file_1", "messages")))
    assert file["source"] == {"type": "file", "file_id": "file_1"}


@pytest.mark.parametrize(
    ("part", "writing"),
    [
        (Image(Url("https://x")), _writing(quirks=Quirks(takes_remote_images=False))),
        (Image(FileId("file-1", "responses")), _writing()),
        (Image(Url("https://x")), _writing(images=False)),
        (Document(Inline("application/msword", "AAAA")), _writing()),
        (Document(Inline("text/plain", "/////w==")), _writing()),
        (Audio("AAAA", "wav"), _writing()),
        (Vendor("responses", {"type": "item_reference", "id": "x"}), _writing("responses")),
        (Vendor("responses", {"type": "compaction"}), _writing("responses")),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(part: Part, writing: Writing) -> None:
    with pytest.raises(Untranslatable) as caught:
        write_part(part, "user", writing)
    assert (caught.value.fault.param or "").startswith(("messages.", "input."))


def test_the_detail_of_an_image_is_a_loss() -> None:
    writing = _writing()
    _block(Image(Url("https://x"), detail="auto"), "user", writing)
    assert writing.losses.found() == ()
    _block(Image(Url("https://x"), detail="high"), "user", writing)
    assert writing.losses.found() == ("messages.detail",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (PlainText("words"), {"type": "text", "media_type": "text/plain", "data": "words"}),
        (
            Inline("text/markdown", base64.b64encode("wörds".encode()).decode()),
            {"type": "text", "media_type": "text/plain", "data": "wörds"},
        ),
        (
            Inline("application/pdf", "JVBERi0="),
            {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        ),
        (Url("https://x/y.pdf"), {"type": "url", "url": "https://x/y.pdf"}),
    ],
)
def test_documents(source: Any, expected: dict[str, Any]) -> None:
    block = _block(Document(source, "t", "c", cite=True))
    assert block == {
        "type": "document",
        "source": expected,
        "title": "t",
        "context": "c",
        "citations": {"enabled": True},
    }


def test_pictures_of_the_assistant_are_a_loss() -> None:
    writing = _writing()
    assert write_part(Image(Url("https://x")), "assistant", writing) == []
    assert writing.losses.found() == ("messages.image",)


def test_earlier_speech_is_told_as_its_words() -> None:
    writing = _writing()
    block = _block(Audio(id="audio_1", transcript="hello"), "assistant", writing)
    assert block == {"type": "text", "text": "hello"}
    assert writing.losses.found() == ("messages.audio",)
    assert write_part(Audio(id="audio_1"), "assistant", writing) == []


def test_t81_ids_are_mended_alike_in_call_and_result() -> None:
    call = _block(ToolCall("functions.Bash:0", "Bash", "{}"), "assistant")
    result = _block(ToolResult("functions.Bash:0"), "tool")
    assert call["id"] == result["tool_use_id"]
    assert call["id"].isalnum()
    assert _block(ToolCall("toolu_1", "x"), "assistant")["id"] == "toolu_1"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a":1}', {"a": 1}),
        ("", {}),
        ("  ", {}),
        ('{"a":', {"_raw": '{"a":'}),
        ("[1]", {"_raw": "[1]"}),
    ],
)
def test_arguments_are_an_object_whatever_the_model_made(arguments: str, expected: Any) -> None:
    assert _block(ToolCall("t", "x", arguments), "assistant")["input"] == expected


def test_t89_a_custom_tools_input_is_wrapped() -> None:
    block = _block(ToolCall("t", "patch", "*** Begin", custom=True), "assistant")
    assert block["input"] == {"input": "*** Begin"}


def test_names_that_do_not_fit_are_mended() -> None:
    names = ToolNames(())
    block = _block(ToolCall("t", "look", namespace="crm"), "assistant")
    assert block["name"] == names.wire("look", "crm") == "crm__look"


def test_t78_an_image_in_a_result_stays_in_the_result() -> None:
    block = _block(ToolResult("t", (Text("see"), Text(""), Image(Url("https://x")))), "tool")
    assert [inner["type"] for inner in block["content"]] == ["text", "image"]
    assert _block(ToolResult("t", (Text("ok"),), is_error=True), "tool") == {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": "ok",
        "is_error": True,
    }
    assert _block(ToolResult("t"), "tool") == {"type": "tool_result", "tool_use_id": "t"}


def test_t85_only_the_vendors_own_thinking_is_sent() -> None:
    own = Reasoning("hm", state=OpaqueState("anthropic", "sig"))
    assert _block(own, "assistant")["signature"] == "sig"
    for foreign in (Reasoning("hm"), Reasoning("hm", state=OpaqueState("google", "g"))):
        writing = _writing()
        assert write_part(foreign, "assistant", writing) == []
        assert writing.losses.found() == ()


def test_t86_a_backend_that_wants_reasoning_back_gets_it() -> None:
    writing = _writing(quirks=Quirks(wants_reasoning_back=True))
    assert _block(Reasoning("hm"), "assistant", writing)["thinking"] == "hm"


def test_the_vendors_own_blocks_go_back_whole() -> None:
    payload = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    assert _block(Vendor("messages", payload), "assistant") == payload


def test_blocks_of_others_are_a_loss() -> None:
    writing = _writing("responses")
    assert write_part(Vendor("responses", {"type": "web_search_call"}), "assistant", writing) == []
    assert writing.losses.found() == ("input.web_search_call",)


def test_a_block_goes_with_its_beta_or_not_at_all() -> None:
    writing = _writing("messages", Quirks(refuses_betas=True))
    assert write_part(Vendor("messages", {"type": "container_upload"}), "user", writing) == []
    assert writing.losses.found() == ("messages.container_upload",)
