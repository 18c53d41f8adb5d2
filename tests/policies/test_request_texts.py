from headgate.model.parts import (
    Audio,
    Document,
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
)
from headgate.model.request import Message, Request
from headgate.policies.request_texts import map_texts
from tests.policies.drive import request, run

PARTS: tuple[Part, ...] = (
    Text("a"),
    Refusal("a"),
    ToolCall("1", "t", '{"a":"a"}'),
    ToolCall("2", "t", "a", custom=True),
    ToolResult("1", (Text("a"), Document(PlainText("a")))),
    Document(PlainText("a"), title="a", context="a"),
    Document(Url("a")),
    Audio("", transcript="a"),
)
SILENT: tuple[Part, ...] = (
    Reasoning("a"),
    Image(Inline("image/png", "a")),
    Audio("a"),
)


async def upper(text: str) -> str:
    return text.upper()


async def same(text: str) -> str:
    return text


def asked(*parts: Part) -> Request:
    return request(messages=(Message("user", parts),), prediction={"content": ["a", 1]})


def test_every_text_of_a_request_is_read() -> None:
    changed = run(map_texts(asked(*PARTS), None, upper))
    assert changed.messages[0].parts == (
        Text("A"),
        Refusal("A"),
        ToolCall("1", "t", '{"a":"A"}'),
        ToolCall("2", "t", "A", custom=True),
        ToolResult("1", (Text("A"), Document(PlainText("A")))),
        Document(PlainText("A"), title="A", context="A"),
        Document(Url("a")),
        Audio("", transcript="A"),
    )
    assert changed.prediction == {"content": ["A", 1]}


def test_what_nothing_changes_is_the_same_object() -> None:
    given = asked(*PARTS, *SILENT)
    assert run(map_texts(given, None, same)) is given


def test_reasoning_pictures_and_sound_are_let_be() -> None:
    given = request(messages=(Message("user", SILENT),))
    assert run(map_texts(given, None, upper)) is given


def test_roles_that_are_not_named_are_let_be() -> None:
    messages = (Message("system", (Text("a"),)), Message("user", (Text("a"),)))
    changed = run(map_texts(request(messages=messages), frozenset(("user",)), upper))
    assert changed.messages[0] is messages[0]
    assert changed.messages[1].parts == (Text("A"),)
