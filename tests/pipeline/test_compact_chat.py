import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.usage import Usage
from headgate.pipeline.compact import Compact, written
from headgate.pipeline.compact_chat import note, usage_of
from headgate.wire import sse


def compacted(*payloads: Any) -> dict[str, Any]:
    compact = Compact()
    for payload in payloads:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        note(compact, sse.Frame("", data))
    return written(compact, "f")


def chunk(index: int = 0, delta: dict[str, Any] | None = None, **choice: Any) -> dict[str, Any]:
    return {"id": "c1", "choices": [{"index": index, "delta": delta or {}, **choice}]}


def said(*deltas: dict[str, Any]) -> dict[str, Any]:
    (choice,) = compacted(*(chunk(delta=delta) for delta in deltas))["choices"]
    assert isinstance(choice, dict)
    return choice


def test_text_and_reasoning_are_joined() -> None:
    choice = said(
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Think "},
        {"reasoning_content": "first. "},
        {"content": "Hello"},
        {"content": " world"},
    )
    assert choice == {
        "index": 0,
        "role": "assistant",
        "reasoning": "Think first. ",
        "content": "Hello world",
    }


def test_reasoning_is_read_from_one_field_only() -> None:
    assert said({"reasoning": "a"}, {"reasoning_content": "b", "reasoning": "b"})["reasoning"] == (
        "ab"
    )


def test_tool_calls_are_put_together_by_their_index() -> None:
    choice = said(
        {"tool_calls": [{"index": 1, "id": "c2", "type": "function", "function": {"name": "b"}}]},
        {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "fi"}}]},
        {"tool_calls": [{"index": 0, "function": {"name": "nd", "arguments": '{"query":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"apple"}'}}]},
    )
    assert choice["tool_calls"] == [
        {
            "index": 0,
            "id": "c1",
            "type": "function",
            "function": {"name": "find", "arguments": '{"query":"apple"}'},
        },
        {"index": 1, "id": "c2", "type": "function", "function": {"name": "b"}},
    ]


def test_a_call_without_an_index_stands_where_it_stands() -> None:
    choice = said({"tool_calls": [{"id": "a"}, {"id": "b"}]})
    assert [(call["index"], call["id"]) for call in choice["tool_calls"]] == [(0, "a"), (1, "b")]


def test_the_last_reasons_to_stop_count_and_are_text() -> None:
    (choice,) = compacted(
        chunk(finish_reason=None, stop_reason=1),
        chunk(finish_reason="length", stop_reason=106, matched_stop=2),
        chunk(finish_reason=None),
    )["choices"]
    assert choice == {
        "index": 0,
        "finish_reason": "length",
        "stop_reason": "106",
        "matched_stop": "2",
    }


def test_the_last_usage_counts() -> None:
    told = compacted(
        {"usage": {"total_tokens": 1}}, {"usage": {"total_tokens": 12}}, {"usage": None}
    )
    assert told["usage"] == {"total_tokens": 12}


def test_the_terminator_is_no_frame_and_nonsense_is_one() -> None:
    told = compacted(b"no json", b"[1]", b"", chunk(), b" [DONE] ")
    assert told["stream"] == {"network_chunk_count": 0, "data_frame_count": 4, "done": True}


def test_usage_that_nobody_asked_for_is_said_as_the_dialect_says_it() -> None:
    assert usage_of(Usage(5, 7)) == {
        "prompt_tokens": 5,
        "completion_tokens": 7,
        "total_tokens": 12,
    }
    assert usage_of(Usage())["total_tokens"] == 0


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("choices", "delta", "index", "tool_calls", "function", "content", "usage", "id")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(values, max_size=4))
@pytest.mark.filterwarnings("error")
def test_whatever_stands_in_a_frame_it_is_read(payloads: list[Any]) -> None:
    told = compacted(*payloads)
    assert told["stream"]["data_frame_count"] == len(payloads)
    json.dumps(told)
