"""Conversations as alternating turns."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.turns import Answer, Turn, read_turns
from headgate.model.parts import Text, ToolCall, ToolResult
from headgate.model.request import Message

A, B = ToolCall("a", "f"), ToolCall("b", "g")
SYSTEM = Message("system", (Text("s"),))
USER = Message("user", (Text("u"),))
CALLS = Message("assistant", (A, B))


def tool(*ids: str) -> Message:
    return Message("tool", tuple(ToolResult(id_) for id_ in ids))


def test_calls_are_answered_in_their_order_by_the_next_turn() -> None:
    turns = read_turns([USER, CALLS, tool("b"), tool("a"), USER]).turns

    assert turns[2] == Turn(
        role="user",
        answers=(Answer(A, ToolResult("a")), Answer(B, ToolResult("b"))),
        parts=(Text("u"),),
    )


def test_consecutive_messages_of_a_role_are_one_turn() -> None:
    said, more = Message("assistant", (Text("a"),)), Message("assistant", (A,))
    turns = read_turns([USER, USER, said, more, tool("a")]).turns

    assert [turn.parts for turn in turns] == [(Text("u"), Text("u")), (Text("a"), A), ()]


def test_instructions_behind_the_head_are_asides() -> None:
    conversation = read_turns([SYSTEM, USER, CALLS, SYSTEM, tool("a", "b"), USER])

    assert conversation.head == (SYSTEM,)
    assert conversation.turns[-1].asides == ("s",)
    assert all(answer.result is not None for answer in conversation.turns[-1].answers)


def test_calls_and_results_without_their_counterpart_are_shown() -> None:
    turns = read_turns([tool("z"), CALLS, tool("a")]).turns

    assert turns[0].orphans == (ToolResult("z"),)
    assert turns[2].answers == (Answer(A, ToolResult("a")), Answer(B, None))


def test_t96_the_same_id_twice_is_answered_in_order() -> None:
    twice = Message("assistant", (A, A))
    first, second = ToolResult("a", (Text("1"),)), ToolResult("a", (Text("2"),))
    turns = read_turns([USER, twice, Message("tool", (first, second))]).turns

    assert [answer.result for answer in turns[2].answers] == [first, second]


MESSAGES = st.lists(
    st.sampled_from([SYSTEM, USER, CALLS, tool("a"), tool("b", "z"), Message("assistant", (A,))]),
    max_size=9,
)


@given(MESSAGES)
@settings(max_examples=100)
def test_turns_alternate_and_lose_nothing(messages: list[Message]) -> None:
    conversation = read_turns(messages)
    turns = conversation.turns
    roles = [turn.role for turn in turns]

    assert all(first != second for first, second in itertools.pairwise(roles))
    results = [part for m in messages for part in m.parts if isinstance(part, ToolResult)]
    answered = [a.result for turn in turns for a in turn.answers if a.result is not None]
    orphans = [orphan for turn in turns for orphan in turn.orphans]
    assert len(results) == len(answered) + len(orphans)
    calls = [part for m in messages for part in m.parts if isinstance(part, ToolCall)]
    assert len(calls) == sum(len(turn.answers) for turn in turns)
    system = sum(message.role == "system" for message in messages)
    assert system == len(conversation.head) + sum(len(turn.asides) for turn in turns)


def test_who_says_nothing_takes_no_turn() -> None:
    call = ToolCall("c1", "look")
    messages = [
        Message("assistant", (call,)),
        Message("user", (Text("a"),)),
        Message("assistant", ()),
        Message("user", (Text("b"),)),
    ]
    assert [turn.role for turn in read_turns(messages).turns] == ["assistant", "user"]
