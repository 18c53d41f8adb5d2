"""One candidate's parts as blocks."""

from typing import Any

from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.parts import (
    Audio,
    Citation,
    Document,
    Image,
    Inline,
    Reasoning,
    Text,
    ToolCall,
    Url,
    Vendor,
)
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from tests import grammar
from tests.dialects.gemini.drive import GOOGLE, call, parts, read, response, stream
from tests.streams import fold

SIGNED = Reasoning(state=OpaqueState("google", "sig"))
STOP = response({"text": ""}, finishReason="STOP")


def test_text_and_thoughts_are_blocks_of_their_own() -> None:
    assert parts(
        response({"text": "I ", "thought": True}),
        response({"text": "think", "thought": True}, {"text": "Hel"}),
        response({"text": "lo"}),
        STOP,
    ) == (Reasoning("I think", summary=True), Text("Hello"))


def test_t07_parallel_calls_have_ids_of_their_own_over_the_whole_stream() -> None:
    first, second, third = parts(
        response(call("f", {"a": 1}), call("f", {"a": 2})), response(call("f", {"a": 3})), STOP
    )

    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert isinstance(third, ToolCall)
    assert len({first.id, second.id, third.id}) == 3
    assert [first.arguments, second.arguments, third.arguments] == [
        '{"a":1}',
        '{"a":2}',
        '{"a":3}',
    ]


def test_t14_a_signature_on_a_call_is_a_block_before_it() -> None:
    signed, called = parts(response(call("f", thoughtSignature="sig")), STOP)

    assert signed == SIGNED
    assert isinstance(called, ToolCall)
    assert called.arguments == "{}"


def test_a_signature_on_text_is_a_block_before_it_and_on_a_thought_is_its_own() -> None:
    assert parts(response({"text": "a"}, {"text": "b", "thoughtSignature": "sig"}), STOP) == (
        Text("a"),
        SIGNED,
        Text("b"),
    )
    thought = {"text": "hm", "thought": True, "thoughtSignature": "sig"}
    assert parts(response(thought, {"text": "b"}), STOP) == (
        Reasoning("hm", summary=True, state=OpaqueState("google", "sig")),
        Text("b"),
    )


def test_a_signature_alone_waits_for_the_citations_of_the_text_before_it() -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://a.example"}}]}

    assert parts(
        response({"text": "words"}),
        response(
            {"text": "", "thoughtSignature": "sig"},
            finishReason="STOP",
            groundingMetadata=grounding,
        ),
    ) == (Text("words", (Citation("https://a.example"),)), SIGNED)
    assert parts(response({"text": "a"}, {"thoughtSignature": "sig"}), STOP) == (Text("a"), SIGNED)


def test_repeated_citations_are_told_once_and_offsets_count_from_their_block() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "u"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 3, "endIndex": 5}, "groundingChunkIndices": [0]}
        ],
    }
    last = response({"text": "de"}, groundingMetadata=grounding)
    found = parts(response({"text": "abc"}, {"thoughtSignature": "sig"}), last, last, STOP)

    assert found[-1] == Text("dede", (Citation("u", start=0, end=2),))


def test_t22_stop_beside_a_call_is_tools_also_in_a_later_chunk() -> None:
    events = read(stream(response(call("f")), STOP))

    assert events[-1] == ev.Finished("tools", native="STOP")


def test_pictures_sound_and_files_come_whole() -> None:
    assert parts(
        response(
            {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thoughtSignature": "sig"},
            {"inlineData": {"mimeType": "audio/wav", "data": "AA=="}},
            {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}},
            {"fileData": {"mimeType": "image/png", "fileUri": "gs://x"}},
        ),
        STOP,
    ) == (
        SIGNED,
        Image(Inline("image/png", "AA==")),
        Audio("AA==", "wav"),
        Document(Inline("application/pdf", "AA==")),
        Image(Url("gs://x")),
    )


def test_what_only_gemini_can_say_stays_as_it_is() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "sig"}
    draft = {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": True}

    assert parts(response({"text": "a"}, code, {"text": "b"}, draft), STOP) == (
        Text("a"),
        Vendor("gemini", code),
        Text("b"),
        Vendor("gemini", draft),
    )


def test_names_map_back_and_custom_tools_get_their_raw_input() -> None:
    source = Source(
        vendor="google",
        tools={"ns__f": ToolRef("f", "ns"), "patch": ToolRef("patch", custom=True)},
    )
    plain, custom = parts(
        response(call("ns__f"), call("patch", {"input": "*** raw"})), STOP, source=source
    )

    assert isinstance(plain, ToolCall)
    assert (plain.name, plain.namespace) == ("f", "ns")
    assert isinstance(custom, ToolCall)
    assert (custom.custom, custom.arguments) == (True, "*** raw")


def test_t32_the_schema_tool_is_the_answers_text() -> None:
    source = Source(vendor="google", schema_tool="json_answer")
    events = read(stream(response(call("json_answer", {"a": 1})), STOP), source)

    assert fold(events).choices[0].parts == (Text('{"a":1}'),)
    assert events[-1] == ev.Finished("end", native="STOP")


def test_t20_only_the_first_call_passes_where_one_is_wanted() -> None:
    source = Source(vendor="google", one_tool_call=True)
    found = parts(response(call("f"), call("g")), response(call("h")), STOP, source=source)

    assert [part.name for part in found if isinstance(part, ToolCall)] == ["f"]


def test_logprobs_stand_with_the_text() -> None:
    chosen = {"logprobsResult": {"chosenCandidates": [{"token": "a", "logProbability": -1}]}}
    (words,) = parts(response({"text": "a"}, **chosen), STOP)

    assert isinstance(words, Text)
    assert words.logprobs is not None
    assert words.logprobs[0]["token"] == "a"


def test_t16_empty_text_makes_no_block() -> None:
    assert parts(response({"text": ""}), response(call("f")), STOP)[0] != Text("")
    assert [type(part) for part in parts(response({"text": ""}, call("f")), STOP)] == [ToolCall]


PARTIAL = [
    response({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "sig"}),
    response(
        {
            "functionCall": {
                "partialArgs": [
                    {"jsonPath": "$.a", "stringValue": "Bos", "willContinue": True},
                ],
                "willContinue": True,
            }
        }
    ),
    response({"functionCall": {"willContinue": True}}),
    response(
        {
            "functionCall": {
                "partialArgs": [{"jsonPath": "$.a", "stringValue": "ton"}],
                "willContinue": True,
            }
        }
    ),
]


def test_partial_arguments_are_put_together_at_the_end_mark() -> None:
    signed, first, second = parts(
        *PARTIAL,
        response({"functionCall": {}}),
        response({"functionCall": {"name": "f", "willContinue": True}}),
        response({"functionCall": {}}, finishReason="STOP"),
    )

    assert signed == SIGNED
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert (first.arguments, second.arguments) == ('{"a":"Boston"}', "{}")


def test_t19_a_call_without_its_end_mark_is_closed_at_the_finish() -> None:
    endings: list[list[dict[str, Any]]] = [[], [response({"text": "and"})], [response(call("g"))]]
    for ending in endings:
        events = read(stream(*PARTIAL, *ending, STOP))
        grammar.check(events, whole=True)
        called = fold(events).choices[0].parts[1]
        assert isinstance(called, ToolCall)
        assert called.arguments == '{"a":"Boston"}'


def test_pieces_of_the_schema_tool_survive_whatever_comes_between() -> None:
    source = Source(vendor="google", schema_tool="f")
    between: list[dict[str, Any]] = [
        {"text": "x"},
        {"text": "x", "thought": True},
        {"text": "", "thoughtSignature": "s"},
        {"executableCode": {"code": "1"}},
        call("g"),
    ]
    for part in between:
        events = read(stream(*PARTIAL, response(part), STOP), source)
        grammar.check(events, whole=True)
        texts = [part.text for part in fold(events).choices[0].parts if isinstance(part, Text)]
        assert '{"a":"Boston"}' in "".join(texts)


def test_the_end_of_a_call_that_never_began_is_nothing() -> None:
    assert parts(response({"functionCall": {}}), response({"text": "a"}), STOP) == (Text("a"),)
    assert GOOGLE.tools == {}
