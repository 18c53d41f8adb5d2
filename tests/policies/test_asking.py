from typing_extensions import override

from headgate.model.parts import (
    Document,
    PlainText,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from headgate.model.request import Message
from headgate.policies.asking import OVERLAP_CHARACTERS, PIECE_CHARACTERS, About, Asking, texts_of
from headgate.policies.keys import WaitingKeys
from tests.policies.drive import request, run


class Recording(Asking):
    """Keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(WaitingKeys(policy="recording"))
        self.asked_about: list[tuple[About, str, str]] = []

    @override
    async def judge(self, about: About, text: str, context: str) -> None:
        self.asked_about.append((about, text, context))


def test_every_text_of_a_message_is_asked_about() -> None:
    parts = (
        Text("a"),
        Refusal("b"),
        ToolCall("1", "t", "{}"),
        ToolResult("1", (Text("c"),)),
        Document(PlainText("d"), title="e"),
        Document(Url("x")),
        Text(""),
    )
    given = request(messages=(Message("user", parts), Message("system", (Text("s"),))))
    assert texts_of(given, ("user",)) == ["a", "b", "t {}", "c", "e", "d"]


def test_each_window_is_shown_with_the_end_of_the_one_before() -> None:
    policy = Recording()
    first = "x" * 300

    async def work() -> None:
        await policy.on_text(first)
        await policy.on_text("yy")
        policy.choice = 1
        await policy.on_text("other")
        await policy.on_tool_call(ToolCall("1", "ls", "{}"))

    run(work())
    assert policy.asked_about == [
        ("response", first, ""),
        ("response", "yy", "x" * OVERLAP_CHARACTERS),
        ("response", "other", ""),
        ("tool_call", "ls {}", ""),
    ]


def test_a_long_request_is_asked_about_in_pieces() -> None:
    policy = Recording()
    run(policy.on_request(request("x" * PIECE_CHARACTERS + "yy")))
    assert [(len(text), len(context)) for _, text, context in policy.asked_about] == [
        (PIECE_CHARACTERS, 0),
        (2, OVERLAP_CHARACTERS),
    ]


def test_a_request_without_text_is_not_asked_about() -> None:
    policy = Recording()
    run(policy.on_request(request()))
    assert policy.asked_about == []
