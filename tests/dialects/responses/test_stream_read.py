from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given as for_all
from hypothesis import settings

from headgate.dialects.responses import stream_read
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Reasoning, Refusal, Text, ToolCall, Vendor
from tests import grammar
from tests.dialects.responses import given
from tests.streams import fold

MESSAGE: dict[str, Any] = {"type": "message", "id": "i0", "role": "assistant"}
CALL: dict[str, Any] = {"type": "function_call", "call_id": "c", "name": "f"}


def _bare(stream: bytes) -> list[Any]:
    bare: list[Any] = []
    for part in given.parts(stream):
        match part:
            case Text(text=text):
                bare.append(text)
            case ToolCall(id=id_, name=name, arguments=arguments):
                bare.append((id_, name, arguments))
            case _:
                bare.append(part)
    return bare


def test_t07_parallel_calls_are_told_apart_by_their_place() -> None:
    stream = given.CREATED + b"".join(
        (
            given.added(0, **CALL),
            given.added(1, **{**CALL, "call_id": "d"}),
            given.event("response.function_call_arguments.delta", output_index=1, delta='{"b"'),
            given.event("response.function_call_arguments.delta", output_index=0, delta='{"a":1}'),
            given.event("response.function_call_arguments.delta", output_index=1, delta=":2}"),
            given.completed(),
        )
    )
    events = given.read(stream)
    grammar.check(events, whole=True)
    assert _bare(stream) == [("c", "f", '{"a":1}'), ("d", "f", '{"b":2}')]
    finish = events[-1]
    assert isinstance(finish, ev.Finished)
    assert finish.reason == "tools"


def test_t18_items_may_overlap() -> None:
    lists = [{"type": "mcp_list_tools", "id": f"l{n}", "tools": []} for n in range(3)]
    stream = given.CREATED + b"".join(given.added(n, **item) for n, item in enumerate(lists))
    stream += given.added(3, **MESSAGE) + given.text_delta(3, "hi")
    stream += b"".join(given.done(n, **item) for n, item in enumerate(lists))
    stream += given.text_delta(3, "!") + given.completed(*lists)
    events = given.read(stream)
    grammar.check(events, whole=True)
    assert [p.payload["id"] for p in given.parts(stream) if isinstance(p, Vendor)] == [
        "l0",
        "l1",
        "l2",
    ]
    assert "hi!" in _bare(stream)


def test_items_that_came_only_in_the_last_event_are_told() -> None:
    whole = {**MESSAGE, "content": [{"type": "output_text", "text": "hi"}]}
    call = {**CALL, "arguments": '{"a":1}'}
    reasoning = {"type": "reasoning", "id": "r", "summary": [{"text": "t"}]}
    stream = given.CREATED + given.completed(reasoning, whole, call)
    grammar.check(given.read(stream), whole=True)
    thought, *rest = _bare(stream)
    assert isinstance(thought, Reasoning)
    assert thought.text == "t"
    assert rest == ["hi", ("c", "f", '{"a":1}')]


def test_items_are_told_once_whatever_the_last_event_repeats() -> None:
    whole = {**MESSAGE, "content": [{"type": "output_text", "text": "hi"}]}
    stream = given.CREATED + given.added(0, **MESSAGE) + given.text_delta(0, "hi")
    stream += given.done(0, **whole) + given.done(0, **whole) + given.completed(whole)
    assert _bare(stream) == ["hi"]
    renamed = given.completed({**whole, "id": "another"})
    assert _bare(
        given.CREATED + given.added(0, **MESSAGE) + given.text_delta(0, "hi") + renamed
    ) == ["hi"]


def test_deltas_without_an_item_open_one() -> None:
    stream = given.text_delta(0, "a") + given.text_delta(0, "b") + given.completed()
    events = given.read(stream)
    grammar.check(events, whole=True)
    assert events[0] == ev.Started()
    assert _bare(stream) == ["ab"]


def test_deltas_without_an_index_go_to_the_latest_of_their_kind() -> None:
    delta = given.event("response.output_text.delta", delta="x")
    stream = (
        given.added(4, **MESSAGE) + delta + given.event("response.output_text.delta", delta="y")
    )
    assert _bare(stream + given.completed()) == ["xy"]


def test_deltas_of_the_wrong_place_go_by_their_id() -> None:
    stream = given.added(0, type="reasoning", id="r") + given.added(1, **{**MESSAGE, "id": "m"})
    stream += given.event("response.output_text.delta", output_index=0, item_id="m", delta="x")
    assert _bare(stream + given.completed()) == ["x"]


def test_text_that_came_only_whole_is_told() -> None:
    for last in (
        given.event("response.output_text.done", output_index=0, content_index=0, text="hi"),
        given.event(
            "response.content_part.done",
            output_index=0,
            content_index=0,
            part={"type": "output_text", "text": "hi"},
        ),
        given.done(0, **MESSAGE, content=[{"type": "output_text", "text": "hi"}]),
    ):
        assert _bare(given.added(0, **MESSAGE) + last + given.completed()) == ["hi"]


def test_refusals_are_told() -> None:
    for refusal in (
        given.event("response.refusal.delta", output_index=0, content_index=0, delta="no"),
        given.event("response.refusal.done", output_index=0, content_index=0, refusal="no"),
        given.event(
            "response.content_part.done",
            output_index=0,
            content_index=0,
            part={"type": "refusal", "refusal": "no"},
        ),
        given.done(0, **MESSAGE, content=[{"type": "refusal", "refusal": "no"}]),
    ):
        stream = given.added(0, **MESSAGE) + refusal + given.completed()
        assert given.parts(stream) == (Refusal("no"),)
        assert fold(given.read(stream)).choices[0].reason == "refusal"


@pytest.mark.parametrize(
    ("family", "summary"),
    [
        ("response.reasoning_summary_text", True),
        ("response.reasoning_text", False),
        ("response.reasoning", False),
    ],
)
def test_t72_thoughts_are_told_under_every_name(family: str, summary: bool) -> None:
    streamed = given.event(f"{family}.delta", output_index=0, item_id="r", delta="t")
    streamed += given.event(f"{family}.done", output_index=0, item_id="r", text="t")
    whole = given.event(f"{family}.done", output_index=0, item_id="r", text="t")
    for stream in (streamed, whole):
        (part,) = given.parts(given.added(0, type="reasoning", id="r") + stream + given.completed())
        assert isinstance(part, Reasoning)
        assert (part.text, part.summary) == ("t", summary)


def test_custom_tools_speak_raw() -> None:
    stream = given.added(0, type="custom_tool_call", call_id="c", name="patch")
    stream += given.event("response.custom_tool_call_input.delta", output_index=0, delta="*** ")
    stream += given.event("response.custom_tool_call_input.delta", output_index=0, delta="End")
    assert given.parts(stream + given.completed()) == (ToolCall("c", "patch", "*** End", True),)


def test_logprobs_ride_on_their_text() -> None:
    entry = {"token": "a", "logprob": -0.1, "top_logprobs": []}
    stream = given.event("response.output_text.delta", output_index=0, delta="a", logprobs=[entry])
    (part,) = given.parts(stream + given.completed())
    assert isinstance(part, Text)
    assert part.logprobs == (entry,)


@pytest.mark.parametrize(
    ("frame", "kind", "message"),
    [
        ({"type": "error", "code": "server_error", "message": "m"}, "upstream_error", "m"),
        ({"type": "error", "error": {"code": "slow_down", "message": "m"}}, "overloaded", "m"),
        ({"error": {"message": "m", "code": 429}}, "rate_limited", "m"),
        ({"error": "m"}, "upstream_error", "m"),
        (
            {"type": "response.failed", "response": {"error": {"code": "x", "message": "m"}}},
            "upstream_error",
            "m",
        ),
        ({"type": "response.failed", "response": {"error": None}}, "upstream_error", "without"),
        ({"type": "response.cancelled", "response": {"status": "cancelled"}}, "upstream_error", ""),
        (
            {
                "type": "response.completed",
                "response": {"status": "failed", "error": {"message": "m"}},
            },
            "upstream_error",
            "m",
        ),
    ],
)
def test_t51_errors_of_every_shape_end_the_stream(
    frame: dict[str, Any], kind: str, message: str
) -> None:
    values = {key: value for key, value in frame.items() if key != "type"}
    raw = given.event(frame["type"], **values) if "type" in frame else _untyped(frame)
    for before in (b"", given.CREATED + given.text_delta(0, "a")):
        reader = given.BACKEND.open_reader(given.OPENAI)
        events = reader.feed(before + raw + given.completed())
        grammar.check(events)
        assert isinstance(events[-1], ev.Failed)
        assert events[-1].fault.kind == kind
        assert message in events[-1].fault.message
        assert reader.terminated
        assert not reader.finished
        assert reader.feed(given.CREATED) == reader.end() == []


def test_a_failure_still_says_what_it_cost() -> None:
    usage = {"input_tokens": 3, "output_tokens": 1}
    failed = given.event("response.failed", response={"error": None, "usage": usage})
    events = given.read(given.CREATED + failed)
    grammar.check(events)
    assert isinstance(events[1], ev.UsageReported)
    assert events[1].usage.total_tokens == 4
    assert len(given.read(failed)) == 1


def _untyped(frame: dict[str, Any]) -> bytes:
    return given.event("", **frame).replace(b'"type":"",', b"").replace(b"event: \n", b"")


def test_an_error_event_is_known_by_its_name_alone() -> None:
    events = given.read(b'event: error\ndata: {"message":"m"}\n\n')
    assert isinstance(events[0], ev.Failed)
    assert events[0].fault.message == "m"


def test_t31_an_incomplete_response_says_why() -> None:
    response = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    events = given.read(
        given.text_delta(0, "a") + given.event("response.incomplete", response=response)
    )
    grammar.check(events, whole=True)
    assert isinstance(events[-1], ev.Finished)
    assert events[-1].reason == "filtered"


def test_t47_a_stream_without_its_last_event_has_no_finish() -> None:
    reader = given.BACKEND.open_reader(given.OPENAI)
    events = reader.feed(given.CREATED + given.text_delta(0, "a") + b"data: [DONE]\n\n")
    events += reader.end()
    grammar.check(events)
    assert not reader.finished
    assert not any(isinstance(event, ev.Finished) for event in events)


def test_t69_a_last_event_without_its_blank_line_counts() -> None:
    reader = given.BACKEND.open_reader(given.OPENAI)
    events = reader.feed(given.CREATED + given.completed().rstrip(b"\n"))
    events += reader.end()
    assert reader.finished
    assert isinstance(events[-1], ev.Finished)


def test_one_unreadable_event_is_passed_over_but_not_three() -> None:
    bad = b"data: {oops\n\n"
    stream = given.CREATED + bad + given.text_delta(0, "a") + bad + given.completed()
    assert _bare(stream) == ["a"]
    with pytest.raises(StreamBroken):
        given.read(bad * 3)


def test_items_are_not_without_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_read, "MOST_ITEMS", 3)
    with pytest.raises(StreamBroken):
        given.read(b"".join(given.added(n, **MESSAGE) for n in range(4)))


def test_a_background_stream_that_is_resumed_begins_in_the_middle() -> None:
    queued = given.event("response.queued", response={"id": "resp_9"})
    assert given.read(queued + given.CREATED)[0] == ev.Started("resp_9", extras={"responses": {}})
    stream = given.text_delta(2, "rest") + given.completed()
    assert _bare(stream) == ["rest"]


def test_unknown_events_do_no_harm() -> None:
    stream = given.CREATED + given.event("keepalive", sequence_number=3)
    stream += given.event("response.new_thing.delta", delta="x") + given.text_delta(0, "a")
    assert _bare(stream + given.completed()) == ["a"]


_KINDS = st.sampled_from(sorted(stream_read._HANDLERS))
_TYPES = st.sampled_from(
    ["message", "reasoning", "function_call", "custom_tool_call", "mcp_call", 3]
)
_INDEXES = st.sampled_from([0, 1, 2, -1, None, "0"])
_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "type": _TYPES,
        "id": st.sampled_from(["a", "b", None]),
        "call_id": st.sampled_from(["c", None, 7]),
        "name": st.sampled_from(["f", "", None]),
        "arguments": st.sampled_from(["{}", '{"a":1}', None, {"a": 1}]),
        "encrypted_content": st.sampled_from(["blob", None, 3]),
        "summary": st.sampled_from([[], [{"text": "s"}], [3], None]),
        "content": st.sampled_from(
            [
                [],
                None,
                [{"type": "output_text", "text": "t"}, {"type": "refusal", "refusal": "r"}],
                [{"type": "reasoning_text", "text": "t"}],
                ["x"],
            ]
        ),
    },
)
_FRAMES = st.fixed_dictionaries(
    {"type": _KINDS},
    optional={
        "output_index": _INDEXES,
        "content_index": _INDEXES,
        "summary_index": _INDEXES,
        "item_id": st.sampled_from(["a", "b", 3]),
        "delta": st.sampled_from(["x", "", None, 5]),
        "text": st.sampled_from(["whole", "", None]),
        "refusal": st.sampled_from(["no", ""]),
        "logprobs": st.sampled_from([[], None, [{"token": "x"}], [3]]),
        "annotation": st.sampled_from([{"type": "url_citation", "url": "u"}, {}, 3]),
        "part": _ITEMS,
        "item": _ITEMS,
        "response": st.fixed_dictionaries(
            {},
            optional={
                "id": st.just("resp_1"),
                "status": st.sampled_from(["completed", "incomplete", "failed", None]),
                "output": st.lists(_ITEMS, max_size=3),
                "usage": st.sampled_from([{}, None, {"input_tokens": 1}]),
                "error": st.sampled_from([None, {"message": "m"}, "m"]),
            },
        ),
    },
)


@settings(max_examples=150, deadline=None)
@for_all(st.lists(_FRAMES, max_size=12), st.integers(1, 40))
def test_any_events_keep_the_grammar_wherever_they_are_cut(
    frames: list[dict[str, Any]], size: int
) -> None:
    raw = b"".join(
        given.event(frame["type"], **{k: v for k, v in frame.items() if k != "type"})
        for frame in frames
    )
    whole = given.read(raw)
    grammar.check(whole, whole=any(isinstance(e, ev.Finished) for e in whole))
    reader = given.BACKEND.open_reader(given.OPENAI)
    cut = [e for at in range(0, len(raw), size) for e in reader.feed(raw[at : at + size])]
    assert [*cut, *reader.end()] == whole


@settings(max_examples=100, deadline=None)
@for_all(st.binary(max_size=300))
def test_any_bytes_give_events_or_break(data: bytes) -> None:
    reader = given.BACKEND.open_reader(given.OPENAI)
    try:
        events = [*reader.feed(data), *reader.feed(b"data: " + data + b"\n\n"), *reader.end()]
    except StreamBroken:
        return
    grammar.check(events)
