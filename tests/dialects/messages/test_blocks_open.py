from typing import Any

import pytest

from headgate.dialects.destination import Source
from headgate.dialects.messages import blocks_open
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Vendor
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from tests.dialects.messages import given


def _play(
    block: dict[str, Any], *deltas: dict[str, Any], source: Source = given.ANTHROPIC
) -> list[ev.Event]:
    out: list[ev.Event] = []
    opened = blocks_open.open_block(7, block, source, out)
    for delta in deltas:
        assert opened is not None
        opened.add(delta["type"], delta, out)
    if opened is not None:
        opened.end(out)
    return out


def _json(text: str) -> dict[str, Any]:
    return {"type": "input_json_delta", "partial_json": text}


def test_text_that_stands_in_the_start_counts() -> None:
    assert _play({"type": "text", "text": "a"}, {"type": "text_delta", "text": "b"}) == [
        ev.BlockStarted(7, ev.TextBlock()),
        ev.TextDelta(7, "a"),
        ev.TextDelta(7, "b"),
        ev.BlockEnded(7),
    ]


def test_t02_empty_deltas_are_nothing() -> None:
    assert _play(
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": ""},
        {"type": "signature_delta", "signature": "s"},
    ) == [
        ev.BlockStarted(7, ev.ReasoningBlock()),
        ev.StateAttached(7, OpaqueState("anthropic", "s")),
        ev.BlockEnded(7),
    ]


def test_redacted_thinking_is_whole_at_its_start() -> None:
    assert _play({"type": "redacted_thinking", "data": "x"}) == [
        ev.BlockStarted(7, ev.ReasoningBlock()),
        ev.StateAttached(7, OpaqueState("anthropic", "x", "redacted")),
        ev.BlockEnded(7),
    ]


def test_an_input_without_deltas_is_one_delta() -> None:
    block = {"type": "tool_use", "id": "t", "name": "look", "input": {"a": 1}}
    assert ev.ArgumentsDelta(7, '{"a":1}') in _play(block)
    assert _play(block, _json('{"b"'), _json(":2}"))[1:-1] == [
        ev.ArgumentsDelta(7, '{"b"'),
        ev.ArgumentsDelta(7, ":2}"),
    ]


def test_a_call_without_arguments_has_no_delta() -> None:
    events = _play({"type": "tool_use", "id": "t", "name": "look", "input": {}}, _json(""))
    assert events == [ev.BlockStarted(7, ev.ToolCallBlock("t", "look")), ev.BlockEnded(7)]


def test_t89_a_custom_tools_input_is_unwrapped_as_it_comes() -> None:
    source = Source(vendor="anthropic", tools={"crm__patch": ToolRef("patch", "crm", True)})
    events = _play(
        {"type": "tool_use", "id": "t", "name": "crm__patch", "input": {}},
        _json('{"inp'),
        _json('ut": "*** Be'),
        _json('gin\\n"}'),
        source=source,
    )
    assert events[0] == ev.BlockStarted(7, ev.ToolCallBlock("t", "patch", True, "crm"))
    assert "".join(e.text for e in events if isinstance(e, ev.ArgumentsDelta)) == "*** Begin\n"


@pytest.mark.parametrize("deltas", [(), (_json('{"a"'), _json(":1}"))])
def test_the_stand_in_for_a_schema_is_text(deltas: tuple[dict[str, Any], ...]) -> None:
    source = Source(vendor="anthropic", schema_tool="json_output")
    block = {"type": "tool_use", "id": "t", "name": "json_output", "input": {"a": 1}}
    events = _play(block, *deltas, source=source)
    assert events[0] == ev.BlockStarted(7, ev.TextBlock())
    assert "".join(e.text for e in events if isinstance(e, ev.TextDelta)) == '{"a":1}'


def test_a_server_tools_input_is_gathered() -> None:
    block = {"type": "server_tool_use", "id": "s", "name": "w", "input": {}}
    whole = {**block, "input": {"q": 1}}
    assert _play(block, _json('{"q":'), _json("1}")) == [ev.PartAdded(Vendor("messages", whole))]
    broken = {**block, "input": '{"q":'}
    assert _play(block, _json('{"q":')) == [ev.PartAdded(Vendor("messages", broken))]


def test_deltas_that_are_newer_than_we_are_are_laid_over_the_start() -> None:
    events = _play(
        {"type": "novelty", "words": "a", "n": 1},
        {"type": "novelty_delta", "words": "b", "n": 2},
        {"type": "novelty_delta", "more": [1]},
    )
    laid = {"type": "novelty", "words": "ab", "n": 2, "more": [1]}
    assert events == [ev.PartAdded(Vendor("messages", laid))]


def test_a_block_that_must_be_held_may_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks_open, "MOST_HELD", 10)
    with pytest.raises(StreamBroken):
        _play({"type": "novelty"}, {"type": "x", "a": "12345"}, {"type": "x", "a": "678901"})


def test_fields_beyond_the_hub_ride_along() -> None:
    caller = {"type": "direct"}
    block = {"type": "tool_use", "id": "t", "name": "look", "input": {}, "caller": caller}
    opened = _play(block)[0]
    assert isinstance(opened, ev.BlockStarted)
    assert isinstance(opened.block, ev.ToolCallBlock)
    assert opened.block.extras == given.owned(caller=caller)


def test_a_delta_tells_what_its_start_must_have_been() -> None:
    assert blocks_open.implied("text_delta") == {"type": "text"}
    assert blocks_open.implied("signature_delta") == {"type": "thinking"}
    assert blocks_open.implied("input_json_delta") is None
