from typing import Any

import pytest

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import (
    Audio,
    Citation,
    Image,
    Inline,
    Vendor,
)
from headgate.model.state import OpaqueState, seal
from headgate.model.usage import Usage
from tests.dialects.responses import given
from tests.streams import named_frames

END = ev.Finished("end")


def _text(key: int, *texts: str) -> list[ev.Event]:
    return [
        ev.BlockStarted(key, ev.TextBlock()),
        *(ev.TextDelta(key, text) for text in texts),
        ev.BlockEnded(key),
    ]


def _call(key: int, *pieces: str, block: ev.ToolCallBlock | None = None) -> list[ev.Event]:
    return [
        ev.BlockStarted(key, block or ev.ToolCallBlock(f"c{key}", "f")),
        *(ev.ArgumentsDelta(key, piece) for piece in pieces),
        ev.BlockEnded(key),
    ]


def test_a_text_is_told_in_the_full_order() -> None:
    stream = given.spoken(ev.Started(), *_text(0, "a", "b"), END, ev.UsageReported(Usage(1, 2)))
    assert given.kinds(stream) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    frames = named_frames(stream)
    assert [frame["sequence_number"] for frame in frames] == list(range(10))
    assert frames[0]["response"]["output"] == []
    assert frames[0]["response"]["status"] == "in_progress"
    last = frames[-1]["response"]
    assert last["id"] == frames[0]["response"]["id"] == f"resp_{given.SEED}000"
    assert last["model"] == "fast"
    assert last["output"] == [frames[-2]["item"]]
    assert last["usage"]["total_tokens"] == 3


def test_t33_usage_that_follows_the_finish_is_inside_the_last_event() -> None:
    stream = given.spoken(
        ev.Started(),
        ev.UsageReported(Usage(5, None)),
        *_text(0, "a"),
        END,
        ev.UsageReported(Usage(None, 7, reasoning_tokens=3)),
    )
    usage = named_frames(stream)[-1]["response"]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (5, 7)
    assert usage["output_tokens_details"] == {"reasoning_tokens": 3}
    assert usage["input_tokens_details"] == {"cached_tokens": 0}


def test_calls_are_told_by_their_item() -> None:
    block = ev.ToolCallBlock("call_1", "f", namespace="ns")
    stream = given.spoken(ev.Started(), *_call(0, '{"a"', ":1}", block=block), END)
    assert given.kinds(stream)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    item = named_frames(stream)[-2]["item"]
    assert item == {
        "id": f"fc_{given.SEED}001",
        "type": "function_call",
        "status": "completed",
        "call_id": "call_1",
        "name": "f",
        "namespace": "ns",
        "arguments": '{"a":1}',
    }


def test_a_call_without_arguments_has_an_empty_object() -> None:
    final = given.accumulate(given.spoken(ev.Started(), *_call(0), END))
    assert final["output"][0]["arguments"] == "{}"


def test_calls_that_share_an_id_are_told_apart() -> None:
    block = ev.ToolCallBlock("c", "f")
    stream = given.spoken(ev.Started(), *_call(0, block=block), *_call(1, block=block), END)
    first, second = given.accumulate(stream)["output"]
    assert first["call_id"] == "c"
    assert second["call_id"].startswith("c_")


def test_t89_custom_tools_are_called_raw() -> None:
    block = ev.ToolCallBlock("c", "apply_patch", custom=True)
    stream = given.spoken(ev.Started(), *_call(0, "*** Begin", block=block), END)
    assert "custom_tool_call_input.delta" in given.kinds(stream)
    item = named_frames(stream)[-2]["item"]
    assert item["type"] == "custom_tool_call"
    assert item["input"] == "*** Begin"
    assert item["id"].startswith("ctc_")


def test_t17_text_after_a_call_is_a_new_message() -> None:
    stream = given.spoken(ev.Started(), *_text(0, "a"), *_call(1, "{}"), *_text(2, "b"), END)
    output = named_frames(stream)[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "message"]


def test_texts_in_a_row_are_parts_of_one_message() -> None:
    stream = given.spoken(ev.Started(), *_text(0, "a"), *_text(1, "b"), END)
    (message,) = named_frames(stream)[-1]["response"]["output"]
    assert [part["text"] for part in message["content"]] == ["a", "b"]
    assert given.accumulate(stream)["output"][0]["content"][1]["text"] == "b"


def test_t16_a_block_that_says_nothing_is_not_told() -> None:
    empty: list[ev.Event] = [ev.BlockStarted(0, ev.TextBlock()), ev.BlockEnded(0)]
    silent: list[ev.Event] = [ev.BlockStarted(1, ev.ReasoningBlock()), ev.BlockEnded(1)]
    stream = given.spoken(ev.Started(), *empty, *silent, *_call(2, "{}"), END)
    output = named_frames(stream)[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["function_call"]


def test_blocks_may_overlap() -> None:
    stream = given.spoken(
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "a"),
        ev.BlockStarted(1, ev.ToolCallBlock("c", "f")),
        ev.BlockStarted(2, ev.ToolCallBlock("d", "g")),
        ev.ArgumentsDelta(2, '{"x"'),
        ev.ArgumentsDelta(1, "{}"),
        ev.TextDelta(0, "b"),
        ev.ArgumentsDelta(2, ":1}"),
        ev.BlockEnded(2),
        ev.BlockEnded(0),
        ev.BlockEnded(1),
        END,
    )
    final = given.accumulate(stream)
    assert final["output"][0]["content"][0]["text"] == "ab"
    assert [item.get("arguments") for item in final["output"]] == [None, "{}", '{"x":1}']


def test_thoughts_are_summaries_and_content_only_where_this_dialect_said_so() -> None:
    state = OpaqueState("anthropic", "sig")
    stream = given.spoken(
        ev.Started(),
        ev.BlockStarted(0, ev.ReasoningBlock(True)),
        ev.ReasoningDelta(0, "short"),
        ev.BlockEnded(0),
        ev.BlockStarted(1, ev.ReasoningBlock(extras={"responses": {"status": "completed"}})),
        ev.ReasoningDelta(1, "long"),
        ev.StateAttached(1, state),
        ev.BlockEnded(1),
        ev.BlockStarted(3, ev.ReasoningBlock()),
        ev.ReasoningDelta(3, "hm"),
        ev.BlockEnded(3),
        *_text(2, "a"),
        END,
    )
    kinds = given.kinds(stream)
    assert kinds[3:8] == [
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    assert kinds[9:13] == [
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
    ]
    short, long, foreign, _ = named_frames(stream)[-1]["response"]["output"]
    assert short["summary"] == [{"type": "summary_text", "text": "short"}]
    assert long["content"] == [{"type": "reasoning_text", "text": "long"}]
    assert long["encrypted_content"] == seal(state)
    assert long["id"].startswith("rs_hg")
    assert foreign["summary"] == [{"type": "summary_text", "text": "hm"}]


def test_state_without_words_is_an_item_that_is_added_and_done() -> None:
    state = OpaqueState("openai", "blob", "encrypted", "rs_1")
    stream = given.spoken(
        ev.Started(),
        ev.BlockStarted(0, ev.ReasoningBlock(True)),
        ev.StateAttached(0, state),
        ev.BlockEnded(0),
        END,
    )
    assert given.kinds(stream)[2:-1] == ["output_item.added", "output_item.done"]
    begun, ended = (frame["item"] for frame in named_frames(stream)[2:4])
    assert "encrypted_content" not in begun
    assert ended["encrypted_content"] == "blob"


def test_both_halves_of_a_native_thought_are_one_item() -> None:
    extras = {"responses": {"id": "rs_1"}}
    stream = given.spoken(
        ev.Started(),
        ev.BlockStarted(0, ev.ReasoningBlock(True, extras)),
        ev.ReasoningDelta(0, "short"),
        ev.BlockStarted(1, ev.ReasoningBlock(False, extras)),
        ev.ReasoningDelta(1, "long"),
        ev.StateAttached(1, OpaqueState("openai", "blob", "encrypted")),
        ev.BlockEnded(0),
        ev.BlockEnded(1),
        END,
    )
    (item,) = named_frames(stream)[-1]["response"]["output"]
    assert item["id"] == "rs_1"
    assert item["summary"][0]["text"] == "short"
    assert item["content"][0]["text"] == "long"
    assert item["encrypted_content"] == "blob"


def test_an_id_that_a_server_gives_twice_is_told_once() -> None:
    def thought(key: int) -> list[ev.Event]:
        return [
            ev.BlockStarted(key, ev.ReasoningBlock(True, {"responses": {"id": "rs_1"}})),
            ev.StateAttached(key, OpaqueState("openai", f"blob{key}", "encrypted")),
            ev.BlockEnded(key),
        ]

    stream = given.spoken(ev.Started(), *thought(0), *thought(1), *_text(2, "a"), END)
    output = given.accumulate(stream)["output"]
    assert [item.get("encrypted_content") for item in output] == ["blob0", "blob1", None]
    assert len({item["id"] for item in output}) == 3


def test_citations_are_annotations_of_the_text_so_far() -> None:
    stream = given.spoken(
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "four"),
        ev.CitationAdded(0, Citation(url="https://x", title="t")),
        ev.TextDelta(0, "!"),
        ev.BlockEnded(0),
        END,
    )
    note = {"type": "url_citation", "url": "https://x", "title": "t", "start_index": 0}
    note_frame = next(f for f in named_frames(stream) if f["type"].endswith("annotation.added"))
    assert note_frame["annotation"] == {**note, "end_index": 4}
    assert note_frame["annotation_index"] == 0
    last = named_frames(stream)[-1]["response"]["output"][0]
    assert last["content"][0]["annotations"] == [{**note, "end_index": 4}]


def test_logprobs_ride_on_their_text() -> None:
    entry = {"token": "a", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    events: list[ev.Event] = [
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "a", (entry,)),
        ev.TextDelta(0, "b"),
        ev.BlockEnded(0),
    ]
    frames = named_frames(given.spoken(ev.Started(), *events, END))
    deltas = [frame["logprobs"] for frame in frames if frame["type"].endswith("text.delta")]
    assert deltas == [[entry], []]
    assert frames[-1]["response"]["output"][0]["content"][0]["logprobs"] == [entry]


def test_parts_that_come_whole_are_items_or_lost_by_name() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    writer = given.CALLER.open_writer(given.context())
    out = writer.write(ev.Started())
    out += writer.write(ev.PartAdded(Vendor("responses", search)))
    out += writer.write(ev.PartAdded(Image(Inline("image/png", "aa"))))
    out += writer.write(ev.PartAdded(Vendor("messages", {"type": "server_tool_use"})))
    out += writer.write(ev.PartAdded(Audio("aa")))
    out += writer.write(ev.PartAdded(Audio("bb"), choice=1))
    out += writer.write(END) + writer.end()
    frames = named_frames(out)
    assert frames[2]["item"] == {**search, "status": "in_progress"}
    assert frames[3]["item"] == search
    output = frames[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["web_search_call", "image_generation_call"]
    assert writer.losses == ["server_tool_use", "audio", "n"]


def test_other_answers_have_no_place() -> None:
    writer = given.CALLER.open_writer(given.context())
    writer.write(ev.Started())
    assert writer.write(ev.BlockStarted(1, ev.TextBlock(), 1)) == b""
    for event in (
        ev.TextDelta(1, "b"),
        ev.CitationAdded(1, Citation(url="u")),
        ev.StateAttached(1, OpaqueState("x", "y")),
        ev.BlockEnded(1),
        ev.Finished("length", 1),
    ):
        assert writer.write(event) == b""
    assert named_frames(writer.end())[-1]["response"]["status"] == "completed"
    assert writer.losses == ["n"]


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    [
        (ev.Finished("end"), "completed", None),
        (ev.Finished("tools"), "completed", None),
        (ev.Finished("length"), "incomplete", {"reason": "max_output_tokens"}),
        (ev.Finished("filtered"), "incomplete", {"reason": "content_filter"}),
        (ev.Finished("refusal"), "incomplete", {"reason": "content_filter"}),
        (ev.Finished("broken_tool_call"), "failed", None),
        (ev.Finished("unknown", native="in_progress"), "completed", None),
    ],
)
def test_the_last_event_says_how_it_ended(finish: ev.Finished, status: str, details: Any) -> None:
    frames = named_frames(given.spoken(ev.Started(), *_text(0, "a"), finish))
    last = frames[-1]
    assert last["type"] == f"response.{status}"
    assert last["response"]["status"] == status
    assert last["response"]["incomplete_details"] == details
    assert frames[-2]["item"]["status"] == ("incomplete" if details else "completed")
    assert (last["response"]["error"] is not None) == (status == "failed")


def test_t26_a_refusal_without_the_models_words_gets_its_vendors() -> None:
    finish = ev.Finished("refusal", explanation="policy")
    stream = given.spoken(ev.Started(), *_text(0, "a"), finish)
    (message,) = named_frames(stream)[-1]["response"]["output"]
    assert message["content"][1] == {"type": "refusal", "refusal": "policy"}
    own: list[ev.Event] = [
        ev.BlockStarted(0, ev.RefusalBlock()),
        ev.RefusalDelta(0, "no"),
        ev.BlockEnded(0),
    ]
    last = named_frames(given.spoken(ev.Started(), *own, finish))[-1]["response"]
    assert last["status"] == "completed"
    assert last["output"][0]["content"] == [{"type": "refusal", "refusal": "no"}]


@pytest.mark.parametrize("before", [0, 1, 3])
def test_t51_a_failure_is_told_in_both_forms(before: int) -> None:
    events: list[ev.Event] = [ev.Started("resp_7"), *_text(0, "a")]
    writer = given.CALLER.open_writer(given.context())
    out = b"".join(writer.write(event) for event in events[:before])
    failed = writer.fail(Fault(kind="overloaded", message="busy", code="overloaded"))
    frames = named_frames(out + failed)
    assert [frame["sequence_number"] for frame in frames] == list(range(len(frames)))
    error, last = frames[-2:]
    assert error["type"] == "error"
    assert error["code"] == error["error"]["code"] == "overloaded"
    assert error["message"] == error["error"]["message"] == "busy"
    assert last["type"] == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {"code": "server_is_overloaded", "message": "busy"}
    assert last["response"]["output"] == []
    assert last["response"]["id"] == ("resp_7" if before else f"resp_{given.SEED}000")
    assert (
        writer.write(END) == writer.end() == writer.fail(Fault(kind="timeout", message="")) == b""
    )


def test_a_failed_response_shows_the_items_that_were_whole() -> None:
    writer = given.CALLER.open_writer(given.context())
    for event in (ev.Started(), *_call(0, "{}"), ev.BlockStarted(1, ev.ToolCallBlock("d", "g"))):
        writer.write(event)
    last = named_frames(writer.fail(Fault(kind="timeout", message="m")))[-1]["response"]
    assert [item["call_id"] for item in last["output"]] == ["c0"]


def test_nothing_follows_the_end() -> None:
    writer = given.CALLER.open_writer(given.context())
    writer.write(ev.Started())
    assert writer.end()
    assert writer.end() == writer.write(ev.Started()) == b""
    assert writer.fail(Fault(kind="timeout", message="m")) == b""


def test_a_reply_of_nothing_is_still_a_whole_stream() -> None:
    final = given.accumulate(given.spoken())
    assert final["output"] == []


def test_a_block_that_was_left_open_is_closed_at_the_end() -> None:
    stream = given.spoken(ev.Started(), ev.BlockStarted(0, ev.TextBlock()), ev.TextDelta(0, "a"))
    assert given.accumulate(stream)["output"][0]["content"][0]["text"] == "a"
