from typing import Any

import pytest

from headgate.dialects.messages import turns


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _call(id_: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id_, "name": "look", "input": {}}


def _result(id_: str, content: Any = "ok") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id_, "content": content}


def _user(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def _model(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def _shape(found: list[dict[str, Any]]) -> list[Any]:
    return [(turn["role"], [block["type"] for block in turn["content"]]) for turn in found]


def test_t77_results_are_one_message_and_lead_it() -> None:
    history = [
        _model(_call("a"), _call("b")),
        _user(_text("and?")),
        _user(_result("a")),
        _user(_result("b")),
    ]
    answered = turns.answer_calls(turns.merge(history))
    assert _shape(answered) == [
        ("assistant", ["tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result", "text"]),
    ]


def test_a_call_without_a_result_gets_an_error_result() -> None:
    answered = turns.answer_calls([_model(_call("a"), _call("b")), _user(_result("a"))])
    assert answered[1]["content"][1]["tool_use_id"] == "b"
    assert answered[1]["content"][1]["is_error"] is True


@pytest.mark.parametrize("after", [[], [_model(_text("never mind"))], [_user(_text("go on"))]])
def test_calls_are_answered_in_the_next_message(after: list[dict[str, Any]]) -> None:
    answered = turns.answer_calls([_model(_call("a")), *after])
    assert answered[1]["role"] == "user"
    assert answered[1]["content"][0]["type"] == "tool_result"


def test_a_result_without_a_call_is_told_as_text() -> None:
    picture = {"type": "image", "source": {}}
    answered = turns.answer_calls(
        [_user(_result("x"), _result("y", [picture, {"type": "tool_reference"}]), _text("so?"))]
    )
    assert _shape(answered) == [("user", ["text", "text", "image", "text"])]
    assert "ok" in answered[0]["content"][0]["text"]


def test_t96_an_id_used_twice_is_told_apart() -> None:
    history = [
        _model(_call("a"), _call("a")),
        _user(_result("a", "first"), _result("a", "second")),
        _model(_call("a")),
        _user(_result("a", "third")),
    ]
    answered = turns.answer_calls(history)
    calls = [b["id"] for turn in answered for b in turn["content"] if b["type"] == "tool_use"]
    results = [b for turn in answered for b in turn["content"] if b["type"] == "tool_result"]
    assert len(set(calls)) == 3
    assert [b["tool_use_id"] for b in results] == calls
    assert [b["content"] for b in results] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("turn", "kept"),
    [
        (_user(_text(""), _text("hi")), ["hi"]),
        (_user(_text(" "), _text("hi")), [" ", "hi"]),
        (_user(_text("  \n")), ["(empty message)"]),
        (_user(), ["(empty message)"]),
        (_model(_text("\n\n"), _call("a")), ["\n\n"]),
        (_model(_text(""), _call("a")), []),
    ],
)
def test_t79_empty_text_is_never_sent(turn: dict[str, Any], kept: list[str]) -> None:
    (left,) = turns.drop_empty([turn])
    assert [block["text"] for block in left["content"] if block["type"] == "text"] == kept


def test_t98_an_assistant_that_said_nothing_is_left_out() -> None:
    assert turns.drop_empty([_model(_text(" ")), _model()]) == []


def test_the_first_turn_is_the_users() -> None:
    assert turns.begin_with_user([_model(_text("hi"))])[0]["role"] == "user"
    assert turns.begin_with_user([])[0]["role"] == "user"
    history = [_user(_text("hi"))]
    assert turns.begin_with_user(history) is history


def test_a_turn_that_paused_amid_the_vendors_tools_is_no_prefill() -> None:
    assert turns.ends_with_prefill([_model(_text("It is"))])
    paused = _model(_text("Let me see"), {"type": "server_tool_use", "id": "s"})
    assert not turns.ends_with_prefill([paused])
    assert not turns.ends_with_prefill([_user(_text("x"))])
    assert not turns.ends_with_prefill([])


def test_a_prefill_does_not_end_with_white_space() -> None:
    assert turns.trim_prefill([_model(_text("It is "))])[0]["content"][0]["text"] == "It is"


def test_a_tool_loop_without_its_thoughts_is_noticed() -> None:
    thought = {"type": "thinking", "thinking": "", "signature": "s"}
    answer = _user(_result("a"))
    assert turns.lacks_thinking([_model(_call("a")), answer])
    assert not turns.lacks_thinking([_model(thought, _call("a")), answer])
    assert not turns.lacks_thinking([_model(_call("a")), answer, _model(), _user(_text("x"))])


@pytest.mark.parametrize("messages", [[], [5, 6], [{}, {"role": "user", "content": "x"}]])
def test_hostile_messages_lack_nothing(messages: list[Any]) -> None:
    assert not turns.lacks_thinking(messages)
