import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.stream_write import StreamWriter
from headgate.dialects.chat.tools import FlatCustom, LegacyFunction
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Audio, Citation, Image, Inline, Reasoning, ToolCall, Url, Vendor
from headgate.model.reply import Choice, Reply, unfold
from headgate.model.state import OpaqueState, unseal
from headgate.model.usage import Usage
from tests.dialects.chat.sample import (
    DONE,
    SEED,
    call,
    chunk,
    chunks,
    completion,
    context,
    deltas,
    read,
    write,
)
from tests.recordings import streams
from tests.streams import fold

START = ev.Started("r", "m")
FINISH = ev.Finished("end")


def text_block(key: int, text: str, choice: int = 0) -> list[ev.Event]:
    return [
        ev.BlockStarted(key, ev.TextBlock(), choice),
        ev.TextDelta(key, text),
        ev.BlockEnded(key),
    ]


def call_block(key: int, name: str, *pieces: str, custom: bool = False) -> list[ev.Event]:
    block = ev.ToolCallBlock(f"call_{key}", name, custom)
    return [
        ev.BlockStarted(key, block),
        *(ev.ArgumentsDelta(key, piece) for piece in pieces),
        ev.BlockEnded(key),
    ]


def thought(key: int, text: str, state: OpaqueState | None) -> list[ev.Event]:
    return [
        ev.BlockStarted(key, ev.ReasoningBlock()),
        *([ev.ReasoningDelta(key, text)] if text else []),
        *([ev.StateAttached(key, state)] if state else []),
        ev.BlockEnded(key),
    ]


@pytest.mark.parametrize("row", streams("chat"))
def test_the_official_accumulator_takes_every_recording_from_us(row: dict[str, Any]) -> None:
    events = read(row["sse"].encode())
    if isinstance(events[-1], ev.Failed):
        return
    reply = fold(events)
    if reply.choices[0].reason in ("length", "filtered"):
        return  # the accumulator raises on these by design
    accumulated = completion(write(events))
    for choice, ours in zip(accumulated.choices, reply.choices, strict=True):
        calls = [part for part in ours.parts if isinstance(part, ToolCall)]
        heard = [c.function for c in choice.message.tool_calls or () if c.type == "function"]
        assert [(f.name, json.loads(f.arguments)) for f in heard] == [
            (c.name, json.loads(c.arguments)) for c in calls
        ]
    assert accumulated.usage is not None


def test_every_chunk_has_the_same_id_and_the_callers_model() -> None:
    heard = chunks(write([START, *text_block(0, "Hi"), FINISH]))
    assert {c.id for c in heard} == {f"chatcmpl-{SEED}"}
    assert {(c.model, c.created, c.object) for c in heard} == {
        ("alias", 7, "chat.completion.chunk")
    }


def test_t30_the_finish_reason_is_always_there() -> None:
    entries = deltas(write([START, *text_block(0, "Hi"), FINISH]))
    assert [entry["finish_reason"] for entry in entries] == [None, None, "stop"]
    assert entries[0]["delta"] == {"role": "assistant", "content": ""}


def test_the_terminator_comes_once_and_nothing_after_it() -> None:
    writer = StreamWriter(context())
    for event in [START, *text_block(0, "Hi"), FINISH]:
        writer.write(event)
    assert writer.end().endswith(DONE)
    assert writer.end() == b""
    assert writer.write(ev.Finished("end")) == b""
    assert writer.fail(Fault(kind="internal", message="m")) == b""


def test_an_error_is_the_last_word() -> None:
    writer = StreamWriter(context())
    writer.write(START)
    frame = writer.fail(Fault(kind="timeout", message="too slow"))
    assert frame == (
        b'data: {"error":{"message":"too slow","type":"timeout_error","param":null,'
        b'"code":"request_timeout"}}\n\n'
    )
    assert writer.end() == writer.fail(Fault(kind="timeout", message="again")) == b""


def test_a_stream_that_never_began_has_no_words() -> None:
    assert write([]) == b""


def test_t36_usage_is_one_chunk_right_before_the_terminator() -> None:
    events = [
        START,
        *text_block(0, "Hi"),
        ev.UsageReported(Usage(3, 2)),
        FINISH,
        ev.UsageReported(Usage(3, 4, cached_tokens=1)),
    ]
    heard = chunks(write(events))
    assert [c.usage is not None for c in heard] == [False] * (len(heard) - 1) + [True]
    usage = heard[-1].model_dump()["usage"]
    assert heard[-1].choices == []
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (3, 4, 7)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 1
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 0


def test_usage_is_told_only_to_those_who_asked() -> None:
    events = [START, *text_block(0, "Hi"), ev.UsageReported(Usage(3, 2)), FINISH]
    assert b"usage" not in write(events, context(include_usage=False))


def test_usage_that_nobody_counted_is_estimated_and_says_so() -> None:
    frames = write([START, *text_block(0, "12345678"), FINISH]).split(b"\n\n")
    usage = json.loads(frames[-3][6:])["usage"]
    assert (usage["completion_tokens"], usage["estimated"]) == (2, True)


def test_t09_tool_index_counts_tools_only() -> None:
    events = [
        START,
        *thought(0, "hm", None),
        *text_block(1, "a"),
        *call_block(2, "f", '{"a"', ":1}"),
        *call_block(3, "g"),
        ev.Finished("tools"),
    ]
    entries = [e for d in deltas(write(events)) for e in d["delta"].get("tool_calls", ())]
    assert [entry["index"] for entry in entries] == [0, 0, 0, 1, 1]
    assert entries[0] == {
        "index": 0,
        "id": "call_2",
        "type": "function",
        "function": {"name": "f", "arguments": ""},
    }
    assert entries[1] == {"index": 0, "function": {"arguments": '{"a"'}}
    assert entries[4] == {"index": 1, "function": {"arguments": "{}"}}


def test_t10_the_choice_is_zero_whatever_the_block() -> None:
    events = [START, *thought(0, "hm", None), *text_block(1, "a"), FINISH]
    assert {entry["index"] for entry in deltas(write(events))} == {0}


def test_interleaved_calls_keep_their_indices() -> None:
    events: list[ev.Event] = [
        START,
        ev.BlockStarted(0, ev.ToolCallBlock("a", "f")),
        ev.BlockStarted(1, ev.ToolCallBlock("b", "g")),
        ev.ArgumentsDelta(1, "{}"),
        ev.ArgumentsDelta(0, "{ }"),
        ev.BlockEnded(0),
        ev.BlockEnded(1),
        ev.Finished("tools"),
    ]
    tools = completion(write(events)).choices[0].message.tool_calls or []
    heard = [tool.function.arguments for tool in tools if tool.type == "function"]
    assert heard == ["{ }", "{}"]


def test_custom_calls_are_custom_unless_their_caller_is_flat() -> None:
    called = call_block(0, "patch", "raw", custom=True)
    events: list[ev.Event] = [START, *called, ev.Finished("tools")]
    first, second = (d["delta"]["tool_calls"][0] for d in deltas(write(events))[1:3])
    assert first["custom"] == {"name": "patch", "input": ""}
    assert second == {"index": 0, "custom": {"input": "raw"}}
    told = context(tools=[FlatCustom("patch", custom=True)])
    first, second = (d["delta"]["tool_calls"][0] for d in deltas(write(events, told))[1:3])
    assert first["type"] == "function"
    assert second == {"index": 0, "function": {"arguments": "raw"}}


def test_a_caller_of_functions_reads_one_function_call() -> None:
    told = context(tools=[LegacyFunction("f")])
    writer = StreamWriter(told)
    events = [START, *call_block(0, "f", "{}"), *call_block(1, "g", "{}"), ev.Finished("tools")]
    out = b"".join([*(writer.write(event) for event in events), writer.end()])
    entries = deltas(out)
    assert entries[1]["delta"] == {"function_call": {"name": "f", "arguments": ""}}
    assert entries[2]["delta"] == {"function_call": {"arguments": "{}"}}
    assert entries[3]["finish_reason"] == "function_call"
    assert writer.losses == ["tool_calls"]


def test_t21_a_signature_is_one_entry_with_what_it_signs() -> None:
    state = OpaqueState("anthropic", "sig")
    earlier = [ev.StateAttached(0, OpaqueState("anthropic", "old"))]
    events = [START, *thought(0, "hm", state), *text_block(1, "a"), FINISH]
    events[2:2] = earlier
    entries = deltas(write(events))
    assert entries[1]["delta"] == {"reasoning_content": "hm"}
    (detail,) = entries[2]["delta"]["reasoning_details"]
    assert (detail["index"], detail["type"], detail["text"]) == (0, "reasoning.text", "hm")
    assert unseal(detail["signature"]) == state


def test_state_of_a_call_names_the_call() -> None:
    state = OpaqueState("google", "sig")
    events = [START, *thought(0, "", state), *call_block(1, "f", "{}"), ev.Finished("tools")]
    (detail,) = deltas(write(events))[1]["delta"]["reasoning_details"]
    assert (detail["id"], unseal(detail["signature"])) == ("call_1", state)


def test_state_with_nothing_after_it_is_told_before_the_finish() -> None:
    state = OpaqueState("openai", "zz", "encrypted", "rs_1")
    entries = deltas(write([START, *text_block(0, "a"), *thought(1, "", state), FINISH]))
    (detail,) = entries[-2]["delta"]["reasoning_details"]
    assert detail["type"] == "reasoning.encrypted"
    assert unseal(detail["data"]) == state


def test_state_of_the_home_vendor_is_bare() -> None:
    state = OpaqueState("openrouter", "sig")
    (detail,) = deltas(write([START, *thought(0, "hm", state), FINISH]))[-2]["delta"][
        "reasoning_details"
    ]
    assert detail["signature"] == "sig"


def test_the_accumulator_of_the_official_client_takes_reasoning_and_lists() -> None:
    events = [
        START,
        *thought(0, "hm", OpaqueState("anthropic", "s1")),
        *thought(1, "", OpaqueState("anthropic", "s2", "redacted")),
        ev.BlockStarted(2, ev.TextBlock()),
        ev.TextDelta(2, "a"),
        ev.CitationAdded(2, Citation("https://x", "X")),
        ev.CitationAdded(2, Citation("https://y", "Y", start=1, end=2)),
        ev.BlockEnded(2),
        ev.PartAdded(Image(Url("https://i"))),
        ev.PartAdded(Image(Inline("image/png", "AAAA"))),
        FINISH,
    ]
    message = completion(write(events)).choices[0].message.model_dump()
    assert message["reasoning_content"] == "hm"
    assert [entry["type"] for entry in message["reasoning_details"]] == [
        "reasoning.text",
        "reasoning.encrypted",
    ]
    assert len(message["annotations"]) == 2
    assert len(message["images"]) == 2


def test_t26_a_refusal_without_words_is_a_filter_and_its_reason_is_told() -> None:
    finish = ev.Finished("refusal", explanation="because")
    entries = deltas(write([START, finish]))
    assert entries[-2]["delta"] == {"refusal": "because"}
    assert entries[-1]["finish_reason"] == "content_filter"


def test_a_refusal_in_words_stops() -> None:
    events: list[ev.Event] = [
        START,
        ev.BlockStarted(0, ev.RefusalBlock()),
        ev.RefusalDelta(0, "No"),
        ev.BlockEnded(0),
        ev.Finished("refusal", explanation="because"),
    ]
    entries = deltas(write(events))
    assert entries[1]["delta"] == {"refusal": "No"}
    assert entries[-1]["finish_reason"] == "stop"


def test_t29_token_entries_do_not_strip_the_finish() -> None:
    events: list[ev.Event] = [
        START,
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "a", ({"token": "a"},)),
        ev.BlockEnded(0),
        FINISH,
    ]
    entries = deltas(write(events))
    assert entries[1]["logprobs"] == {"content": [{"token": "a"}], "refusal": None}
    assert entries[-1]["finish_reason"] == "stop"


def test_several_choices_are_told_apart() -> None:
    events = [START, *text_block(0, "a"), *text_block(1, "b", 1), FINISH, ev.Finished("length", 1)]
    entries = deltas(write(events))
    assert [(entry["index"], entry["finish_reason"]) for entry in entries[-2:]] == [
        (0, "stop"),
        (1, "length"),
    ]


def test_sound_comes_in_one_chunk() -> None:
    sound = Audio("AA", None, "a1", "Hi", {"expires_at": 9})
    entry = deltas(write([START, ev.PartAdded(sound), FINISH]))[1]
    assert entry["delta"]["audio"] == {
        "id": "a1",
        "data": "AA",
        "transcript": "Hi",
        "expires_at": 9,
    }


def test_what_has_no_words_here_is_a_loss() -> None:
    writer = StreamWriter(context())
    writer.write(START)
    part = Vendor("messages", {"type": "server_tool_use"})
    assert writer.write(ev.PartAdded(part)) == writer.write(ev.PartAdded(part)) == b""
    writer.write(ev.BlockStarted(0, ev.TextBlock()))
    assert writer.write(ev.CitationAdded(0, Citation(cited_text="x", dialect="messages"))) == b""
    assert writer.losses == ["server_tool_use", "citations"]


def test_own_extras_come_back_and_foreign_ones_do_not() -> None:
    own = ev.Started("r", "m", None, {"chat": {"service_tier": "flex"}, "messages": {"x": 1}})
    finish = ev.Finished("end", extras={"chat": {"native_finish_reason": "eos"}, "y": 1})
    out = write([own, finish])
    assert chunks(out)[0].service_tier == "flex"
    assert deltas(out)[-1]["native_finish_reason"] == "eos"
    assert b'"x"' not in out
    assert b'"y"' not in out


def test_lone_surrogates_are_written_as_escapes() -> None:
    assert b"\\ud83d" in write([START, *text_block(0, "\ud83d"), FINISH])


_names = st.sampled_from(["f", "g"])
_states = st.none() | st.builds(
    OpaqueState, st.sampled_from(["anthropic", "openrouter"]), st.text(min_size=1, max_size=5)
)
_parts = st.lists(
    st.one_of(
        st.builds(Reasoning, st.text(max_size=5), st.booleans(), _states),
        st.builds(lambda n: ToolCall(f"id{n}", "f", '{"a":1}'), st.integers(0, 99)),
    ),
    max_size=5,
    unique_by=lambda part: part.id if isinstance(part, ToolCall) else id(part),
)


@given(_parts)
@settings(max_examples=60)
def test_reading_what_was_written_gives_the_calls_and_the_state_back(parts: list[Any]) -> None:
    reply = Reply("r", "m", 7, (Choice(0, tuple(parts), FINISH),))
    back = fold(read(write(unfold(reply)))).choices[0].parts

    def calls(found: Any) -> list[Any]:
        return [part for part in found if isinstance(part, ToolCall)]

    def thoughts(found: Any) -> str:
        return "".join(part.text for part in found if isinstance(part, Reasoning))

    def states(found: Any) -> list[str]:
        held = [part.state for part in found if isinstance(part, Reasoning) and part.state]
        return [state.value for state in held]

    assert calls(back) == calls(parts)
    assert thoughts(back) == thoughts(parts)
    assert sorted(states(back)) == sorted(states(parts))


def test_a_call_in_pieces_reads_back_whole() -> None:
    data = chunk({"tool_calls": [call(0, "c", "f", "")]}) + chunk(
        {"tool_calls": [call(0, None, None, '{"a":')]}
    )
    data += chunk({"tool_calls": [call(0, None, None, "1}")]}, "tool_calls") + DONE
    assert fold(read(write(read(data)))).choices == fold(read(data)).choices
