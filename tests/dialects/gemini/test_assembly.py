"""Response objects in order."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.gemini.assembly import MOST_CHOICES, Assembly
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from tests import grammar
from tests.dialects.gemini.drive import GOOGLE, call, read, response, stream
from tests.streams import fold


def assembled(*responses: dict[str, Any]) -> tuple[Assembly, list[ev.Event]]:
    assembly = Assembly(GOOGLE)
    events = [event for each in responses for event in assembly.take(each)]
    return assembly, events + assembly.end()


def test_the_reply_begins_with_what_is_known_of_it() -> None:
    _, events = assembled({**response({"text": "a"}), "createTime": "2026-04-02T17:03:50.39Z"})

    assert events[0] == ev.Started("r1", "gemini-x", 1775149430)


def test_a_refused_prompt_is_a_filtered_finish() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "no"}
    assembly, events = assembled(
        {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 9}, "responseId": "r"}
    )

    assert assembly.finished
    assert events[-1] == ev.Finished("filtered", native="PROHIBITED_CONTENT", explanation="no")
    grammar.check(events, whole=True)


def test_several_candidates_are_choices() -> None:
    def both(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
        return {"candidates": [first, {**second, "index": 1}]}

    def said(text: str) -> dict[str, Any]:
        return {"content": {"parts": [{"text": text}]}}

    stop = {"finishReason": "STOP"}
    events = read(stream(both(said("a"), said("b")), both({**said("c"), **stop}, stop)))
    reply = fold(events)

    grammar.check(events, whole=True)
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert [len(choice.parts) for choice in reply.choices] == [1, 1]
    assert [choice.reason for choice in reply.choices] == ["end", "end"]


def test_the_reply_is_finished_only_when_every_candidate_is() -> None:
    first = response({"text": "a"}, finishReason="STOP")
    second = response({"text": "b"}, index=1)

    assert not assembled(first, second)[0].finished
    assert assembled(first, second, response(index=1, finishReason="MAX_TOKENS"))[0].finished


def test_a_finish_that_is_repeated_or_followed_by_content_is_told_once_at_the_end() -> None:
    chunk = response({"text": "a"}, finishReason="STOP")
    events = read(stream(chunk, chunk, chunk))

    grammar.check(events, whole=True)
    assert fold(events).choices[0].reason == "end"


def test_an_error_is_the_last_event() -> None:
    assembly, events = assembled(
        response({"text": "a"}), {"error": {"code": 503, "message": "m"}}, response({"text": "b"})
    )

    assert assembly.failed
    assert isinstance(events[-1], ev.Failed | ev.BlockEnded)
    assert [event for event in events if isinstance(event, ev.TextDelta)] == [ev.TextDelta(0, "a")]


def test_objects_of_no_known_kind_say_nothing() -> None:
    assert assembled({}, {"hello": 1})[1] == []


def test_notes_of_a_candidate_ride_on_its_finish() -> None:
    ratings = [{"category": "X"}]
    _, events = assembled(response({"text": "a"}, finishReason="SAFETY", safetyRatings=ratings))

    assert events[-1] == ev.Finished("filtered", native="SAFETY", extras={"safetyRatings": ratings})


def test_an_index_beyond_reason_is_bounded() -> None:
    _, events = assembled(response({"text": "a"}, index=10**9, finishReason="STOP"))

    assert fold(events).choices[0].index == MOST_CHOICES - 1


def test_a_call_without_a_response_id_still_has_an_id_of_its_own() -> None:
    def id_of(text: str) -> str:
        chunk = {**response({"text": text}, call("f")), "responseId": None}
        found = [event for event in assembled(chunk)[1] if isinstance(event, ev.BlockStarted)]
        block = found[-1].block
        assert isinstance(block, ev.ToolCallBlock)
        return block.id

    assert id_of("a") == id_of("a")
    assert id_of("a") != id_of("b")


LEAF = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", "STOP", "$.a"])
KEYS = st.sampled_from(
    [
        "candidates",
        "content",
        "parts",
        "text",
        "thought",
        "thoughtSignature",
        "functionCall",
        "name",
        "args",
        "partialArgs",
        "jsonPath",
        "stringValue",
        "willContinue",
        "finishReason",
        "index",
        "groundingMetadata",
        "groundingChunks",
        "web",
        "uri",
        "inlineData",
        "mimeType",
        "data",
        "usageMetadata",
        "promptTokenCount",
        "promptFeedback",
        "blockReason",
        "logprobsResult",
        "chosenCandidates",
        "executableCode",
        "responseId",
    ]
)
SHAPES = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=14,
)
PART = st.dictionaries(KEYS, SHAPES, max_size=3) | st.sampled_from(
    [
        {"text": "a"},
        {"text": "", "thoughtSignature": "s"},
        {"text": "t", "thought": True},
        call("f", {"a": 1}),
        {"functionCall": {"name": "f", "willContinue": True}},
        {"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "b"}]}},
        {"functionCall": {}},
    ]
)
CANDIDATE = st.builds(
    lambda found, more: {"content": {"parts": found}, **more},
    st.lists(PART, max_size=4),
    st.dictionaries(KEYS.filter(lambda key: key != "content"), SHAPES, max_size=2),
)
RESPONSE = st.dictionaries(KEYS, SHAPES, max_size=3) | st.builds(
    lambda found: {"candidates": found}, st.lists(CANDIDATE, max_size=2)
)


@given(st.lists(RESPONSE, max_size=5), st.booleans(), st.booleans())
@settings(max_examples=200)
def test_no_shape_breaks_the_grammar(
    responses: list[dict[str, Any]], one: bool, schema: bool
) -> None:
    source = type(GOOGLE)(vendor="google", one_tool_call=one, schema_tool="f" if schema else None)
    assembly = Assembly(source)
    events: list[ev.Event] = []
    try:
        for each in responses:
            events += assembly.take(each)
    except StreamBroken:
        pytest.fail("nothing here is beyond a bound")
    whole = assembly.finished and not assembly.failed
    grammar.check(events + (assembly.end() if whole else []), whole=whole)
