import json
from typing import Any

from headgate.dialects.chat.assistant_write import CallIds
from headgate.dialects.chat.request_write import write_request
from headgate.dialects.chat.tools import FlatCustom
from headgate.dialects.destination import Destination, Quirks
from headgate.model import ids
from headgate.model.parts import (
    Audio,
    Citation,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from headgate.model.request import Message, Request, Tool
from headgate.model.state import OpaqueState

HOME = OpaqueState("v", "sig", id="r1")
FOREIGN = OpaqueState("other", "sig")


def assistant(
    *parts: Part,
    dialect: str = "messages",
    quirks: Quirks = Quirks(),  # noqa: B008 - frozen
    before: tuple[Message, ...] = (),
    tools: tuple[Tool, ...] = (),
) -> dict[str, Any] | None:
    messages = (*before, Message("assistant", parts))
    request = Request(dialect=dialect, model="a", messages=messages, tools=tools)
    told = write_request(request, Destination(model="m", vendor="v", quirks=quirks))
    assert told.losses == ()
    last = json.loads(told.body)["messages"][-1:]
    return last[0] if last and last[0]["role"] == "assistant" else None


def said(*parts: Part, **more: Any) -> dict[str, Any]:
    found = assistant(*parts, **more)
    assert found is not None
    return found


def test_t98_a_turn_of_calls_alone_has_null_for_content() -> None:
    assert said(ToolCall("a", "f", '{"x":1}')) == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
        ],
    }
    assert said(dialect="chat") == {"role": "assistant", "content": ""}


def test_a_turn_of_which_nothing_may_be_sent_is_left_out() -> None:
    assert assistant(Reasoning("secret", state=FOREIGN)) is None


def test_refusals_sound_pictures_and_citations_stand_beside_the_text() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "u"}}
    cited = Text("a", (Citation("u", native=note, dialect="chat"),))
    written = said(cited, Refusal("No"), Audio(id="a1"), Image(Url("https://i")), dialect="chat")
    assert written["refusal"] == "No"
    assert written["audio"] == {"id": "a1"}
    assert written["annotations"] == [note]
    assert written["images"][0]["image_url"]["url"] == "https://i"


def test_t86_reasoning_of_the_current_loop_goes_back_where_it_is_wanted() -> None:
    quirks = Quirks(wants_reasoning_back=True)
    old = (
        Message("user", (Text("q"),)),
        Message("assistant", (Reasoning("old"), Text("a"))),
        Message("user", (Text("q2"),)),
    )
    loop = (
        *old,
        Message("assistant", (Reasoning("new"), ToolCall("c", "f"))),
        Message("tool", (ToolResult("c"),)),
    )
    request = Request(dialect="messages", model="a", messages=loop)
    told = write_request(request, Destination(model="m", vendor="v", quirks=quirks))
    messages = json.loads(told.body)["messages"]
    assert "reasoning_content" not in messages[1]
    assert messages[3]["reasoning_content"] == "new"


def test_the_backend_names_the_field_that_takes_reasoning() -> None:
    quirks = Quirks(wants_reasoning_back=True, reasoning_field="reasoning")
    assert said(Reasoning("hm"), Text("a"), quirks=quirks)["reasoning"] == "hm"


def test_t85_state_goes_to_its_issuer_alone() -> None:
    written = said(Reasoning("hm", state=HOME), Text("a"))
    assert written["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "signature": "sig", "id": "r1", "index": 0}
    ]
    assert said(Reasoning("hm", state=FOREIGN), Text("a")) == {"role": "assistant", "content": "a"}


def test_encrypted_state_has_an_entry_of_its_own() -> None:
    state = OpaqueState("v", "zz", "encrypted")
    entries = said(Reasoning("hm", True, state), Text("a"))["reasoning_details"]
    assert entries == [
        {"type": "reasoning.summary", "summary": "hm", "index": 0},
        {"type": "reasoning.encrypted", "data": "zz", "index": 1},
    ]


def test_a_signature_before_a_call_stands_on_the_call() -> None:
    call = said(Reasoning(state=HOME), ToolCall("a", "f"))["tool_calls"][0]
    assert call["extra_content"] == {"v": {"thought_signature": "sig"}}
    bare = said(Reasoning(state=FOREIGN), ToolCall("a", "f"))["tool_calls"][0]
    assert "extra_content" not in bare


def test_what_a_caller_of_this_dialect_sent_goes_back_to_a_backend_of_it() -> None:
    written = said(Reasoning("hm", extras={"format": "f1"}), Text("a"), dialect="chat")
    assert written["reasoning_content"] == "hm"
    assert written["reasoning_details"][0]["format"] == "f1"


def test_custom_calls_travel_as_they_were_offered() -> None:
    call = ToolCall("a", "p", "raw", custom=True)
    native = said(call, dialect="chat", tools=(Tool("p", custom=True),))
    assert native["tool_calls"][0]["custom"] == {"name": "p", "input": "raw"}
    for dialect, tool in (("chat", FlatCustom("p", custom=True)), ("responses", Tool("p"))):
        wrapped = said(call, dialect=dialect, tools=(tool,))
        assert wrapped["tool_calls"][0]["function"] == {"name": "p", "arguments": '{"input":"raw"}'}


def test_ids_that_fit_are_kept_and_others_mapped_alike() -> None:
    call_ids = CallIds(ids.CHAT_TOOL_ID, 32, "call_")
    long = "x" * 90
    assert call_ids.of_call("functions.f:0") == "functions.f:0"
    assert call_ids.of_call(long) == call_ids.of_result(long)
    assert call_ids.of_result("orphan") == "orphan"
