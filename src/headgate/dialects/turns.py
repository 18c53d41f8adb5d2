"""A conversation as strictly alternating turns, each tool call with its answer.

What vendors with such a grammar (Anthropic, Bedrock, Google) demand and other dialects' histories
do not give: results directly behind their calls, one for each, and no role twice in a row.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from headgate.dialects.instructions import instructions_of
from headgate.model.parts import Part, ToolCall, ToolResult
from headgate.model.request import Message


class Answer(msgspec.Struct, frozen=True):
    """A call of the turn before and its result, None where the history has none."""

    call: ToolCall
    result: ToolResult | None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One role's say.

    A user's turn opens with ``answers``, in the order of the calls; ``orphans`` are results
    whose call is not in the turn before; ``asides`` are instructions that stood inside the
    conversation.
    """

    role: Literal["user", "assistant"]
    answers: tuple[Answer, ...] = ()
    orphans: tuple[ToolResult, ...] = ()
    asides: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


class Conversation(msgspec.Struct, frozen=True):
    """The instructions at the head, and the turns."""

    head: tuple[Message, ...]
    turns: tuple[Turn, ...]


def read_turns(messages: Iterable[Message]) -> Conversation:
    """The conversation in `messages`."""
    taker = _Taker()
    for message in messages:
        taker.take(message)
    return taker.conversation()


class _Taker:
    def __init__(self) -> None:
        self._head: list[Message] = []
        self._turns: list[Turn] = []
        self._calls: list[ToolCall] = []
        self._said: list[Part] = []
        self._results: list[ToolResult] = []
        self._asides: list[str] = []
        self._asked: list[Part] = []

    def take(self, message: Message) -> None:
        if message.role == "tool":
            self._results += [part for part in message.parts if isinstance(part, ToolResult)]
        elif message.role == "assistant":
            if not message.parts:
                return  # who says nothing takes no turn
            self._end_user()
            self._said += message.parts
        elif message.role == "user":
            self._asked += message.parts
        elif self._turns or self._said or self._asked or self._results:
            self._asides += instructions_of(message)
        else:
            self._head.append(message)

    def conversation(self) -> Conversation:
        self._end_user()
        self._end_assistant()
        self._end_user()
        return Conversation(tuple(self._head), tuple(self._turns))

    def _end_user(self) -> None:
        """Ends a user's turn where anything speaks for one (or a call awaits its answer)."""
        if not (self._results or self._asides or self._asked or self._calls):
            return
        self._end_assistant()
        answers = tuple(Answer(call, self._result_of(call)) for call in self._calls)
        turn = Turn(
            role="user",
            answers=answers,
            orphans=tuple(self._results),
            asides=tuple(self._asides),
            parts=tuple(self._asked),
        )
        self._turns.append(turn)
        self._calls, self._results, self._asides, self._asked = [], [], [], []

    def _result_of(self, call: ToolCall) -> ToolResult | None:
        for position, result in enumerate(self._results):
            if result.call_id == call.id:
                return self._results.pop(position)
        return None

    def _end_assistant(self) -> None:
        if self._said:
            self._turns.append(Turn(role="assistant", parts=tuple(self._said)))
            self._calls = [part for part in self._said if isinstance(part, ToolCall)]
            self._said = []
