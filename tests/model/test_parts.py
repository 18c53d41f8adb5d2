import msgspec
import pytest

from headgate.model import parts
from headgate.model.parts import Text, ToolCall, ToolResult, Url


def test_parts_are_values() -> None:
    assert Text("a") == Text("a")
    assert ToolCall("1", "f") != ToolCall("2", "f")
    assert Url("a") == Url("a")


@pytest.mark.parametrize(
    "kind",
    [
        parts.CacheMark,
        parts.Citation,
        parts.Text,
        parts.Refusal,
        parts.Reasoning,
        parts.ToolCall,
        parts.ToolResult,
        parts.Image,
        parts.Document,
        parts.Audio,
        parts.Vendor,
        parts.Inline,
        parts.Url,
        parts.FileId,
        parts.PlainText,
    ],
)
def test_no_part_can_be_changed(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert ToolCall("1", "f").arguments == "{}"


def test_a_result_without_content_is_no_error() -> None:
    result = ToolResult("1")
    assert (result.parts, result.is_error) == ((), False)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"type": "server_tool_use", "id": "x"}, "server_tool_use"),
        ({"executableCode": {"code": "1"}}, "executableCode"),
        ({}, "gemini"),
    ],
)
def test_a_vendors_own_part_is_called_what_its_vendor_calls_it(
    payload: dict[str, object], kind: str
) -> None:
    assert parts.Vendor("gemini", payload).kind == kind
