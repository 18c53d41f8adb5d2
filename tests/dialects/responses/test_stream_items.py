import pytest

from headgate.dialects.destination import Source
from headgate.dialects.responses import stream_items
from headgate.dialects.responses.stream_items import Blocks, OpenItem, Out
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.request import ToolRef
from headgate.wire import sse
from tests.dialects.responses import given


def _call(name: str = "f") -> OpenItem:
    return OpenItem("function_call", {"type": "function_call", "call_id": "c", "name": name})


def test_summary_parts_of_one_item_are_joined_with_a_blank_line() -> None:
    blocks, out = Blocks(given.OPENAI), Out()
    item = OpenItem("reasoning", {"type": "reasoning"})
    for index, text in ((0, "a"), (0, "b"), (1, "c")):
        blocks.reasoning(item, "summary", index, text, out)
    assert [e.text for e in out if isinstance(e, ev.ReasoningDelta)] == ["a", "b", "\n\nc"]
    assert sum(isinstance(e, ev.BlockStarted) for e in out) == 1


def test_t11_arguments_that_came_only_whole_are_told() -> None:
    blocks, out = Blocks(given.OPENAI), Out()
    item = _call()
    blocks.start_call(item, item.native, out)
    blocks.finish(item, {**item.native, "arguments": '{"a":1}'}, out)
    assert out[1:] == [ev.ArgumentsDelta(0, '{"a":1}'), ev.BlockEnded(0)]
    assert blocks.tool_called


def test_arguments_that_were_streamed_are_told_once() -> None:
    blocks, out = Blocks(given.OPENAI), Out()
    item = _call()
    blocks.start_call(item, item.native, out)
    blocks.arguments(item, '{"a":', out)
    blocks.arguments(item, "1}", out)
    blocks.finish(item, {**item.native, "arguments": '{"a":2}'}, out)
    blocks.finish(item, item.native, out)
    assert [e.text for e in out if isinstance(e, ev.ArgumentsDelta)] == ['{"a":', "1}"]
    assert sum(isinstance(e, ev.BlockEnded) for e in out) == 1


def test_arguments_wait_for_the_name_of_the_call() -> None:
    blocks, out = Blocks(given.OPENAI), Out()
    item = _call("")
    blocks.arguments(item, '{"a"', out)
    blocks.arguments(item, ":1}", out)
    assert out == []
    blocks.finish(item, {**item.native, "name": "late", "arguments": '{"a":1}'}, out)
    assert out[0] == ev.BlockStarted(0, ev.ToolCallBlock("c", "late"))
    assert [e.text for e in out if isinstance(e, ev.ArgumentsDelta)] == ['{"a"', ":1}"]


def test_a_call_that_never_says_its_name_is_not_held_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "MAX_FRAME", 10)
    blocks, item = Blocks(given.OPENAI), _call("")
    blocks.arguments(item, "x" * 10, [])
    with pytest.raises(StreamBroken):
        blocks.arguments(item, "x", [])


def test_parts_are_not_without_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_items, "MOST_BLOCKS", 2)
    blocks, item = Blocks(given.OPENAI), OpenItem("message", {})
    blocks.text(item, 0, "x", None, [])
    blocks.text(item, 1, "x", None, [])
    with pytest.raises(StreamBroken):
        blocks.text(item, 2, "x", None, [])


def test_a_custom_tool_that_travelled_as_a_function_is_unwrapped() -> None:
    blocks = Blocks(Source(tools={"patch": ToolRef("patch", None, True)}))
    out = Out()
    item = _call("patch")
    blocks.start_call(item, item.native, out)
    for piece in ('{"inp', 'ut":"li', 'ne\\n"}'):
        blocks.arguments(item, piece, out)
    blocks.finish(item, item.native, out)
    assert out[0] == ev.BlockStarted(0, ev.ToolCallBlock("c", "patch", True))
    assert "".join(e.text for e in out if isinstance(e, ev.ArgumentsDelta)) == "line\n"


def test_annotations_come_once_however_often_they_are_told() -> None:
    blocks, out = Blocks(given.OPENAI), Out()
    item = OpenItem("message", {"type": "message", "id": "m"})
    note = {"type": "url_citation", "url": "https://x"}
    blocks.text(item, 0, "a", None, out)
    blocks.annotation(item, 0, note, out)
    part = {"type": "output_text", "text": "a", "annotations": [note, {**note, "url": "https://y"}]}
    blocks.fill_text(item, 0, part, out)
    blocks.finish(item, {**item.native, "content": [part]}, out)
    cited = [e.citation.url for e in out if isinstance(e, ev.CitationAdded)]
    assert cited == ["https://x", "https://y"]


def test_the_state_comes_with_the_whole_item() -> None:
    blocks, out = Blocks(given.OPENAI), Out()
    item = OpenItem("reasoning", {"type": "reasoning", "id": "rs_1"})
    blocks.finish(item, {"id": "rs_1", "summary": [], "encrypted_content": "blob"}, out)
    started, attached, ended = out
    assert isinstance(started, ev.BlockStarted)
    assert started.block == ev.ReasoningBlock(True, {"responses": {"id": "rs_1"}})
    assert isinstance(attached, ev.StateAttached)
    assert (attached.state.value, attached.state.id) == ("blob", "rs_1")
    assert ended == ev.BlockEnded(0)
