"""A script and a request make a plan, the same one always."""

import gzip
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.mock.play import PAGE, VOICES, Ask, Framing, Plan, Seed, error_plan, plan
from headgate.mock.script import DialectName, scripts_from
from headgate.mock.voice import Failure
from headgate.wire import json_text
from headgate.wire.sse import Decoder, Frame
from tests.mock.said import PAYLOADS

DIALECTS: list[DialectName] = ["chat", "messages", "responses", "gemini"]

BODIES: dict[DialectName, dict[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": "one two three"}]},
    "messages": {"messages": [{"role": "user", "content": "one two three"}]},
    "responses": {"input": "one two three"},
    "gemini": {"contents": [{"parts": [{"text": "one two three"}]}]},
}


def planned(
    script: dict[str, Any], dialect: DialectName = "chat", framing: Framing = "sse"
) -> Plan:
    """The plan for a request of three words."""
    ask = Ask(dialect=dialect, body=BODIES[dialect], model="m", framing=framing)
    return plan(scripts_from(script)[0], ask, Seed("abc", 1700000000))


def body_of(answer: Plan) -> bytes:
    return b"".join(step.data for step in answer.steps)


def frames_of(answer: Plan) -> list[Frame]:
    decoder = Decoder()
    return decoder.feed(body_of(answer)) + decoder.end()


def headers_of(answer: Plan) -> dict[str, str]:
    return dict(answer.headers)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_a_script_the_words_come_back_one_an_event(dialect: DialectName) -> None:
    answer = planned({}, dialect)
    assert (answer.status, answer.ending) == (200, "clean")
    assert headers_of(answer)["content-type"] == "text/event-stream"
    data = [frame.data for frame in frames_of(answer)]
    first = next(number for number, one in enumerate(data) if b'"one"' in one)
    for offset, word in enumerate((b'"one"', b'" two"', b'" three"')):
        assert word in data[first + offset]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_replies_are_json_with_their_length(dialect: DialectName) -> None:
    answer = planned({"text": "four five"}, dialect, "json")
    assert headers_of(answer)["content-type"] == "application/json"
    assert headers_of(answer)["content-length"] == str(len(body_of(answer)))
    assert b"four five" in body_of(answer)


def test_scripted_events_go_out_as_they_are_and_the_terminator_follows() -> None:
    answer = planned({"events": [{"odd": 1}, "not json"]})
    assert [frame.data for frame in frames_of(answer)] == [b'{"odd":1}', b"not json", b"[DONE]"]


def test_without_terminator_none_is_sent_even_if_it_is_scripted() -> None:
    assert body_of(planned({"events": [], "no_terminator": True})) == b""
    assert b"[DONE]" not in body_of(planned({"events": [{}, "[DONE]"], "no_terminator": True}))
    assert b"message_stop" not in body_of(planned({"no_terminator": True}, "messages"))
    assert b"response.completed" not in body_of(planned({"no_terminator": True}, "responses"))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_disconnection_comes_after_that_many_events(count: int) -> None:
    answer = planned({"events": [{"n": 1}, {"n": 2}], "disconnect_after": count})
    assert answer.ending == "reset"
    expected = [b'{"n":1}', b'{"n":2}', b"[DONE]"][:count]
    assert [frame.data for frame in frames_of(answer)] == expected


def test_a_stall_sends_nothing_more() -> None:
    answer = planned({"text": ["a", "b"], "stall_after": 2})
    assert (answer.ending, len(frames_of(answer))) == ("stall", 2)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_error_event_is_the_last_and_of_the_dialect(dialect: DialectName) -> None:
    answer = planned({"error_after": 1}, dialect)
    first, error = frames_of(answer)
    assert b"error" not in first.data or dialect == "responses"
    assert answer.ending == "clean"
    expected = VOICES[dialect].error(
        Failure(status=500, message="The script asked for this error.", number=1)
    )
    assert json_text.decode(error.data) == expected
    assert error.event == ("error" if VOICES[dialect].named else "")


def test_the_first_fault_wins_and_an_error_may_be_followed_by_a_reset() -> None:
    assert planned({"stall_after": 1, "disconnect_after": 2}).ending == "stall"
    both = planned({"error_after": 1, "disconnect_after": 1})
    assert (both.ending, len(frames_of(both))) == ("reset", 2)


def test_delays_stand_before_the_first_and_before_each_other_event() -> None:
    answer = planned({"events": [{}, {}], "delay_first_ms": 30, "delay_ms": 5})
    assert [step.delay_ms for step in answer.steps] == [30, 5, 5]
    assert answer.delay_headers_ms == 0


def test_a_whole_reply_is_late_with_its_status() -> None:
    answer = planned({"delay_headers_ms": 1, "delay_first_ms": 30, "json": 1})
    assert answer.delay_headers_ms == 31
    assert [step.delay_ms for step in answer.steps] == [0]


def test_an_empty_stream_can_be_late() -> None:
    answer = planned({"events": [], "no_terminator": True, "delay_first_ms": 9})
    assert [(step.delay_ms, step.data) for step in answer.steps] == [(9, b"")]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_the_bytes_are_cut_to_size_and_stay_the_same(size: int) -> None:
    cut = planned({"chunk_bytes": size})
    assert body_of(cut) == body_of(planned({}))
    assert all(len(step.data) == size for step in cut.steps[:-1])


def test_a_delay_separates_pieces() -> None:
    cut = planned({"events": ["a", "b"], "chunk_bytes": 1000, "delay_ms": 5})
    assert [step.delay_ms for step in cut.steps] == [0, 5, 5]


@pytest.mark.parametrize(("name", "end"), [("lf", b"\n"), ("crlf", b"\r\n"), ("cr", b"\r")])
def test_lines_end_as_scripted(name: str, end: bytes) -> None:
    answer = planned({"newline": name}, "messages")
    assert body_of(answer) == body_of(planned({}, "messages")).replace(b"\n", end)
    assert frames_of(answer) == frames_of(planned({}, "messages"))
    unended = planned({"newline": name, "no_final_blank_line": True})
    assert body_of(unended).endswith(b"data: [DONE]" + end)


def test_a_compressed_stream_can_be_read_as_it_comes() -> None:
    answer = planned({"gzip": True})
    assert headers_of(answer)["content-encoding"] == "gzip"
    assert gzip.decompress(body_of(answer)) == body_of(planned({}))
    assert zlib.decompressobj(wbits=31).decompress(answer.steps[0].data).endswith(b"\n\n")


def test_a_compressed_reply_states_the_length_of_what_is_sent() -> None:
    answer = planned({"gzip": True, "json": {"a": 1}})
    assert headers_of(answer)["content-length"] == str(len(body_of(answer)))
    assert gzip.decompress(body_of(answer)) == b'{"a":1}'


def test_garbage_is_a_page_or_the_text_given() -> None:
    assert body_of(planned({"garbage": True})) == PAGE
    answer = planned({"garbage": "nonsense", "headers": {"content-type": "text/event-stream"}})
    assert body_of(answer) == b"nonsense"
    assert headers_of(answer)["content-type"] == "text/event-stream"


def test_json_answers_a_stream_request_too() -> None:
    answer = planned({"json": {"a": 1}, "status": 201})
    assert (answer.status, body_of(answer)) == (201, b'{"a":1}')
    assert headers_of(answer)["content-type"] == "application/json"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_error_status_has_the_dialects_error_for_body(dialect: DialectName) -> None:
    answer = planned({"status": 429, "headers": {"retry-after": 7}}, dialect)
    assert answer.status == 429
    assert headers_of(answer)["retry-after"] == "7"
    assert "error" in json_text.decode(body_of(answer))


def test_an_error_status_can_have_a_stream() -> None:
    answer = planned({"status": 500, "text": "still"})
    assert headers_of(answer)["content-type"] == "text/event-stream"


def test_a_whole_reply_that_fails_in_band_is_the_error() -> None:
    answer = planned({"error_after": 3}, framing="json")
    assert answer.status == 200
    assert "error" in json_text.decode(body_of(answer))


def test_a_whole_reply_that_breaks_off_states_no_length() -> None:
    answer = planned({"json": {"a": 1}, "disconnect_after": 0})
    assert "content-length" not in headers_of(answer)
    assert (body_of(answer), answer.ending) == (b"", "reset")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_body_has_none(status: int) -> None:
    answer = planned({"status": status, "text": "x"})
    assert body_of(answer) == b""
    assert "content-length" not in headers_of(answer)


def test_headers_are_added_replaced_and_removed() -> None:
    answer = planned({"headers": {"X-A": "b", "Content-Type": None, "cache-control": "x"}})
    assert headers_of(answer) == {"x-request-id": "abc", "cache-control": "x", "x-a": "b"}


def test_usage_is_left_out_where_the_script_ignores_it() -> None:
    body = {**BODIES["chat"], "stream_options": {"include_usage": True}}
    ask = Ask(dialect="chat", body=body, model="m", framing="sse")
    asked = plan(scripts_from({})[0], ask, Seed("abc", 0))
    ignored = plan(scripts_from({"ignore_usage": True})[0], ask, Seed("abc", 0))
    assert b"prompt_tokens" in body_of(asked)
    assert b"usage" not in body_of(ignored)


def test_a_script_may_answer_in_another_dialect_than_it_was_asked_in() -> None:
    answer = planned({"dialect": "messages"}, "chat")
    assert frames_of(answer)[0].event == "message_start"
    assert b'" three"' in body_of(answer)


def test_a_gemini_stream_without_sse_is_one_array() -> None:
    answer = planned({}, "gemini", "array")
    chunks = json_text.decode(body_of(answer))
    assert [c["candidates"][0]["content"]["parts"][0]["text"] for c in chunks][:2] == [
        "one",
        " two",
    ]
    assert body_of(planned({"no_terminator": True}, "gemini", "array")).endswith(b"}")
    failed = body_of(planned({"error_after": 1}, "gemini", "array"))
    assert "error" in json_text.decode(failed + b"]")[1]


def test_a_fixed_answer_obeys_faults_and_not_words() -> None:
    ask = Ask(dialect="chat", body={}, model="m", framing="json", fixed={"n": 1})
    seed = Seed("abc", 0)
    assert body_of(plan(scripts_from({"text": "x"})[0], ask, seed)) == b'{"n":1}'
    assert plan(scripts_from({"status": 404})[0], ask, seed).status == 404
    assert body_of(plan(scripts_from({"json": [2]})[0], ask, seed)) == b"[2]"


def test_a_refusal_is_told_in_the_dialect() -> None:
    answer = error_plan("messages", Failure(status=413, message="too large"))
    assert json_text.decode(body_of(answer))["error"]["type"] == "request_too_large"


COUNT = st.none() | st.integers(0, 6)
SCRIPTS = st.fixed_dictionaries(
    {"events": PAYLOADS},
    optional={
        "disconnect_after": COUNT,
        "stall_after": COUNT,
        "error_after": COUNT,
        "chunk_bytes": st.integers(1, 50),
        "newline": st.sampled_from(["lf", "crlf", "cr"]),
        "no_terminator": st.booleans(),
        "no_final_blank_line": st.booleans(),
        "gzip": st.booleans(),
        "status": st.sampled_from([200, 204, 404, 500]),
        "delay_ms": st.integers(0, 2),
    },
)


@given(SCRIPTS, st.sampled_from(DIALECTS), st.sampled_from(["sse", "json", "array"]))
@settings(max_examples=150, deadline=None)
def test_every_script_has_a_plan_and_cutting_changes_no_byte(
    script: dict[str, Any], dialect: DialectName, framing: Framing
) -> None:
    answer = planned(script, dialect, framing)
    uncut = planned({**script, "chunk_bytes": None}, dialect, framing)
    assert body_of(answer) == body_of(uncut)
    assert answer.ending == uncut.ending
