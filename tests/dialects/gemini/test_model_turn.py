"""The assistant's turns in requests."""

from headgate.dialects.destination import Destination
from headgate.dialects.gemini.model_turn import BYPASS, Call, write_turn
from headgate.dialects.gemini.tools import NAME
from headgate.dialects.losses import Losses
from headgate.model.parts import (
    Image,
    Inline,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Vendor,
)
from headgate.model.state import OpaqueState
from headgate.model.tool_names import ToolNames
from tests.dialects.gemini.drive import BUDGET, LEVEL, ask

OWN = Reasoning(state=OpaqueState("google", "sig"))
FOREIGN = Reasoning("thought", state=OpaqueState("anthropic", "other"))


def turn(
    *parts: Part, destination: Destination = LEVEL
) -> tuple[list[dict[str, object]], list[Call], tuple[str, ...]]:
    losses = Losses(ask())
    written, calls = write_turn(parts, destination, ToolNames((), NAME), losses)
    return written, calls, losses.names


def function(id_: str, name: str, args: object) -> dict[str, object]:
    return {"functionCall": {"id": id_, "name": name, "args": args}}


def test_t85_a_signature_goes_back_to_the_part_that_it_stood_before() -> None:
    written, calls, _ = turn(OWN, Text("a"), OWN, ToolCall("c1", "f", '{"x":1}'))

    assert written == [
        {"text": "a", "thoughtSignature": "sig"},
        {**function("c1", "f", {"x": 1}), "thoughtSignature": "sig"},
    ]
    assert calls == [Call("c1", "f", "c1")]


def test_a_signature_that_nothing_follows_has_a_part_of_its_own() -> None:
    assert turn(Text("a"), OWN)[0] == [{"text": "a"}, {"text": "", "thoughtSignature": "sig"}]
    assert turn(OWN, OWN, Text("a"))[0] == [
        {"text": "", "thoughtSignature": "sig"},
        {"text": "a", "thoughtSignature": "sig"},
    ]


def test_thoughts_go_back_with_their_state_alone() -> None:
    own = Reasoning("hm", state=OpaqueState("google", "sig"))

    assert turn(own, Text("a"))[0] == [
        {"text": "hm", "thought": True},
        {"text": "a", "thoughtSignature": "sig"},
    ]
    assert turn(Reasoning("hm"), FOREIGN, Text("a")) == ([{"text": "a"}], [], ())


def test_t85_foreign_history_gets_the_documented_bypass_from_gemini_3_on() -> None:
    calls = (FOREIGN, ToolCall("c1", "f"), ToolCall("c2", "g"))

    assert turn(*calls)[0] == [
        {**function("c1", "f", {}), "thoughtSignature": BYPASS},
        function("c2", "g", {}),
    ]
    assert "thoughtSignature" not in turn(*calls, destination=BUDGET)[0][0]


def test_arguments_are_objects_whatever_the_model_made_of_them() -> None:
    written, _, _ = turn(
        ToolCall("1", "f", ""),
        ToolCall("2", "f", '{"broken'),
        ToolCall("3", "f", "[1]"),
        ToolCall("4", "f", "raw words", custom=True),
        destination=BUDGET,
    )

    assert [part["functionCall"]["args"] for part in written] == [  # type: ignore[index]
        {},
        {"_raw": '{"broken'},
        {"_raw": "[1]"},
        {"input": "raw words"},
    ]


def test_t96_the_same_id_twice_is_told_apart() -> None:
    _, calls, _ = turn(ToolCall("c", "f"), ToolCall("c", "g"))

    assert [call.wire_id for call in calls] == ["c", "c_1"]


def test_names_that_google_refuses_are_cleaned() -> None:
    _, calls, _ = turn(ToolCall("c", "weird name!", namespace="ns"))

    assert NAME.match(calls[0].name)


def test_the_rest_of_a_turn_is_carried_or_listed() -> None:
    own = {"executableCode": {"code": "1"}, "thoughtSignature": "s"}
    written, _, lost = turn(
        Text(""),
        Refusal("no"),
        Image(Inline("image/png", "AA==")),
        Vendor("gemini", own),
        Vendor("messages", {"type": "server_tool_use"}),
    )

    assert written == [
        {"text": "no"},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        own,
    ]
    assert lost == ("messages.server_tool_use",)
