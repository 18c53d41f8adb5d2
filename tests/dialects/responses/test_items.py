import msgspec

from headgate.dialects.responses import items, opaque
from headgate.model.parts import Image, Inline, Part, Reasoning, Refusal, Text, ToolCall, Vendor
from headgate.model.state import OpaqueState


def test_a_message_leaves_its_bookkeeping_on_each_text() -> None:
    item = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}],
    }
    extras = {"responses": {"id": "msg_1", "phase": "commentary"}}
    assert items.read_message(item, "p") == [Text("a", extras=extras), Refusal("no")]
    assert items.read_message({"role": "assistant", "content": "a"}, "p") == [Text("a")]


def test_a_reasoning_item_is_its_summary_joined_and_its_state() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
        "encrypted_content": "blob",
    }
    (part,) = items.read_reasoning(item, opaque.from_caller)
    assert isinstance(part, Reasoning)
    assert part.text == "a\n\nb"
    assert part.summary
    assert part.state == OpaqueState("openai", "blob", "encrypted", "rs_1")
    assert {**items.reasoning_item([part]), "encrypted_content": "blob"} == item


def test_a_summary_that_was_changed_is_one_part_again() -> None:
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    item = {"type": "reasoning", "id": "rs_1", "summary": summary}
    (part,) = items.read_reasoning(item, opaque.from_caller)
    changed = msgspec.structs.replace(part, text="a\n\nX")
    assert items.reasoning_item([changed])["summary"] == [
        {"type": "summary_text", "text": "a\n\nX"}
    ]


def test_a_summary_and_the_full_thought_are_two_parts_of_one_item() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "short"}],
        "content": [{"type": "reasoning_text", "text": "long"}],
        "encrypted_content": "blob",
    }
    parts = items.read_reasoning(item, opaque.from_caller)
    assert [(p.text, p.summary) for p in parts if isinstance(p, Reasoning)] == [
        ("short", True),
        ("long", False),
    ]
    assert list(items.group(parts)) == [parts]
    state = items.state_of(parts)
    assert state is not None
    assert {**items.reasoning_item(parts), "encrypted_content": state.value} == item


def test_an_empty_reasoning_item_is_kept_by_its_id() -> None:
    for item in (
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": []},
        {"type": "reasoning", "id": "rs_1", "summary": None, "content": None},
    ):
        parts = items.read_reasoning(item, opaque.from_caller)
        assert items.reasoning_item(parts) == item


def test_two_reasoning_items_that_share_an_id_stay_two() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "a"}
    parts = [
        *items.read_reasoning(item, opaque.from_caller),
        *items.read_reasoning({**item, "encrypted_content": "b"}, opaque.from_caller),
    ]
    assert len(list(items.group(parts))) == 2


def test_calls_come_back_as_they_were() -> None:
    for item in (
        {
            "type": "function_call",
            "id": "fc_1",
            "status": "completed",
            "call_id": "c",
            "name": "f",
            "namespace": "n",
            "arguments": "{}",
        },
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "raw"},
    ):
        assert items.call_item(items.read_call(item)) == item


def test_arguments_may_be_missing_or_an_object() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f"}
    assert items.read_call(call).arguments == "{}"
    assert items.read_call({**call, "arguments": {"a": 1}}).arguments == '{"a":1}'
    assert items.read_call({**call, "arguments": 7}).arguments == "{}"


def test_texts_of_one_message_stand_together_and_others_alone() -> None:
    one, two = ({"responses": {"id": id_}} for id_ in ("1", "2"))
    parts: list[Part] = [
        Text("a", extras=one),
        Text("b", extras=one),
        Text("c", extras=two),
        ToolCall("c", "f"),
        Text("d"),
        Refusal("e"),
        Reasoning("x"),
        Reasoning("y"),
    ]
    assert [len(together) for together in items.group(parts)] == [2, 1, 1, 2, 1, 1]


def test_a_picture_that_was_made_is_a_picture_and_the_same_item_again() -> None:
    item = {
        "id": "ig_1",
        "type": "image_generation_call",
        "status": "completed",
        "output_format": "webp",
        "result": "AAAA",
    }
    image = items.read_whole(item)
    assert isinstance(image, Image)
    assert image.source == Inline("image/webp", "AAAA")
    assert items.picture_item(image, "AAAA") == item


def test_a_picture_that_is_not_made_yet_rides_whole() -> None:
    item = {"id": "ig_1", "type": "image_generation_call", "status": "failed", "result": None}
    assert items.read_whole(item) == Vendor("responses", item)
