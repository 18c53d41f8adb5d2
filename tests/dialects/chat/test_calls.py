from typing import Any

import pytest

from headgate.dialects.chat.calls import MAX_CALLS
from headgate.dialects.destination import Source
from headgate.model.fault import StreamBroken
from headgate.model.parts import Part, Reasoning, ToolCall
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from tests import grammar
from tests.dialects.chat.sample import SOURCE, call, chunk, read
from tests.streams import fold


def calls(*entries: Any, source: Source = SOURCE) -> tuple[Part, ...]:
    """The parts of a stream that brings one entry a chunk."""
    data = b"".join(chunk({"tool_calls": [entry]}) for entry in entries)
    events = read(data + chunk({}, "tool_calls"), source)
    grammar.check(events, whole=True)
    return fold(events).choices[0].parts


def test_pieces_of_one_index_are_one_call() -> None:
    assert calls(
        call(0, "a", "f", ""), call(0, None, None, '{"x"'), call(0, None, None, ":1}")
    ) == (ToolCall("a", "f", '{"x":1}'),)


def test_t12_parallel_calls_may_interleave() -> None:
    assert calls(
        call(0, "a", "f", ""),
        call(1, "b", "g", ""),
        call(1, None, None, "{}"),
        call(0, None, None, "{ }"),
    ) == (ToolCall("a", "f", "{ }"), ToolCall("b", "g", "{}"))


def test_t07_whole_calls_all_under_index_zero_are_told_apart() -> None:
    assert calls(call(0, "a", "f", '{"n":1}'), call(0, "b", "f", '{"n":2}')) == (
        ToolCall("a", "f", '{"n":1}'),
        ToolCall("b", "f", '{"n":2}'),
    )


def test_t08_calls_without_an_index_go_by_their_ids() -> None:
    assert calls(
        call(None, "a", "f", '{"n"'),
        call(None, "a", None, ":1}"),
        call(None, "b", "f", "{}"),
        call(None, None, None, " "),
    ) == (ToolCall("a", "f", '{"n":1}'), ToolCall("b", "f", "{} "))


def test_calls_without_index_and_id_begin_with_a_name() -> None:
    first, second = calls(call(None, None, "f", "{}"), call(None, None, "g", "{}"))
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert (first.name, second.name) == ("f", "g")
    assert first.id.startswith("call_")
    assert first.id != second.id


def test_t13_a_new_id_in_the_middle_of_a_call_is_the_same_call() -> None:
    assert calls(call(0, "a", "f", '{"x"'), call(0, "b", "f", ":"), call(0, "c", None, "1}")) == (
        ToolCall("a", "f", '{"x":1}'),
    )


def test_ids_that_come_twice_are_replaced() -> None:
    first, second = calls(call(0, "a", "f", "{}"), call(1, "a", "f", "{}"))
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert first.id == "a" != second.id


def test_names_and_ids_that_are_repeated_or_empty_change_nothing() -> None:
    assert calls(call(0, "a", "f", ""), call(0, "", "", '{"x"'), call(0, "a", "f", ":1}")) == (
        ToolCall("a", "f", '{"x":1}'),
    )


def test_a_name_that_comes_late_does_not_lose_the_arguments() -> None:
    assert calls(call(0, "a", None, '{"x"'), call(0, None, "f", ":1}")) == (
        ToolCall("a", "f", '{"x":1}'),
    )


def test_a_name_that_never_comes_is_empty() -> None:
    assert calls(call(0, "a", None, "{}")) == (ToolCall("a", "", "{}"),)


def test_arguments_as_an_object_are_text() -> None:
    assert calls(call(0, "a", "f", {"x": [1]})) == (ToolCall("a", "f", '{"x":[1]}'),)


def test_custom_calls_bring_raw_input() -> None:
    entry = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "p", "input": "ra"}}
    more = {"index": 0, "custom": {"input": "w"}}
    assert calls(entry, more) == (ToolCall("a", "p", "raw", custom=True),)


def test_t89_a_wrapped_custom_call_is_unwrapped_as_it_comes() -> None:
    source = Source(tools={"p": ToolRef("p", custom=True)})
    pieces = ['{"inp', 'ut":"a\\n', 'b"', "}"]
    entries = [call(0, "a", "p", ""), *(call(0, None, None, piece) for piece in pieces)]
    assert calls(*entries, source=source) == (ToolCall("a", "p", "a\nb", custom=True),)


def test_the_older_function_call_is_a_call() -> None:
    data = chunk({"function_call": {"name": "f", "arguments": ""}})
    data += chunk({"function_call": {"arguments": "{}"}}) + chunk({}, "function_call")
    (part,) = fold(read(data)).choices[0].parts
    assert isinstance(part, ToolCall)
    assert (part.name, part.arguments) == ("f", "{}")


def test_t20_one_call_where_one_was_asked_for() -> None:
    entries = (call(0, "a", "f", "{}"), call(1, "b", "g", "{}"))
    assert calls(*entries, source=Source(one_tool_call=True)) == (ToolCall("a", "f", "{}"),)


def test_t14_a_signature_on_a_call_stands_before_it() -> None:
    entry = call(0, "a", "f", "{}")
    entry["extra_content"] = {"google": {"thought_signature": "sig"}}
    assert calls(entry) == (
        Reasoning(state=OpaqueState("v", "sig")),
        ToolCall("a", "f", "{}"),
    )


def test_t15_arguments_that_were_cut_stay_as_they_are() -> None:
    data = chunk({"tool_calls": [call(0, "a", "f", '{"x":')]}) + chunk({}, "length")
    choice = fold(read(data)).choices[0]
    assert choice.parts == (ToolCall("a", "f", '{"x":'),)
    assert choice.reason == "length"


def test_unknown_fields_of_a_call_are_kept() -> None:
    (part,) = calls({**call(0, "a", "f", "{}"), "x": 1})
    assert isinstance(part, ToolCall)
    assert part.extras == {"chat": {"x": 1}}


def test_endless_calls_break_the_stream() -> None:
    entries = [call(n, None, "f", "") for n in range(MAX_CALLS + 1)]
    with pytest.raises(StreamBroken):
        read(chunk({"tool_calls": entries}))
