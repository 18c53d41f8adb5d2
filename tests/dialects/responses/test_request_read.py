from typing import Any

import msgspec
import pytest

from headgate.model.fault import Refused
from headgate.model.parts import Text
from headgate.model.request import Message, ReasoningWish, ResponseFormat, Sampling
from tests.dialects.responses import given


def test_every_field_with_a_word_in_the_hub_is_read() -> None:
    request = given.asked_here(
        input="hi",
        stream=True,
        max_output_tokens=9,
        temperature=1,
        top_p=0.5,
        top_logprobs=2,
        include=["message.output_text.logprobs"],
        parallel_tool_calls=False,
        reasoning={"effort": "low", "summary": "auto", "context": "all_turns"},
        text={"format": {"type": "json_object"}, "verbosity": "low"},
        user="u",
        safety_identifier="s",
        metadata={"a": "b"},
        service_tier="flex",
        prompt_cache_key="k",
        store=False,
        previous_response_id="resp_1",
        conversation={"id": "conv_1"},
        background=True,
        truncation="auto",
    )
    assert request.dialect == "responses"
    assert request.stream
    assert request.include_usage
    assert request.max_tokens == 9
    assert request.sampling == Sampling(temperature=1, top_p=0.5, logprobs=True, top_logprobs=2)
    assert request.parallel_tool_calls is False
    assert request.reasoning == ReasoningWish(
        "low", summary="auto", extras={"context": "all_turns"}
    )
    assert request.response_format == ResponseFormat("json_object")
    assert request.verbosity == "low"
    assert (request.user, request.safety_id) == ("u", "s")
    assert request.metadata == {"a": "b"}
    assert (request.service_tier, request.prompt_cache_key) == ("flex", "k")
    assert request.store is False
    assert (request.previous_response_id, request.conversation) == ("resp_1", "conv_1")
    assert request.background
    assert request.truncation == "auto"
    assert request.extras == {}


def test_instructions_are_a_system_message_at_the_head_and_remembered() -> None:
    request = given.asked_here(input="hi", instructions="be brief")
    assert request.messages[0] == Message("system", (Text("be brief"),))
    assert request.extras == {"responses": {"instructions": True}}


def test_unknown_fields_are_kept() -> None:
    request = given.asked_here(input="hi", client_metadata={"a": 1}, text={"odd": 1})
    assert request.extras == {"client_metadata": {"a": 1}, "text": {"odd": 1}}


def test_an_unknown_effort_is_kept_as_it_was_said() -> None:
    request = given.asked_here(input="hi", reasoning={"effort": "extreme"})
    assert request.reasoning == ReasoningWish(extras={"effort": "extreme"})


def test_a_schema_is_flat() -> None:
    form = {
        "type": "json_schema",
        "name": "n",
        "schema": {"type": "object"},
        "strict": True,
        "description": "d",
    }
    request = given.asked_here(input="hi", text={"format": form})
    assert request.response_format == ResponseFormat(
        "json_schema", "n", {"type": "object"}, True, "d"
    )


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"instructions": ["x"]}, "instructions"),
        ({"reasoning": "low"}, "reasoning"),
        ({"text": "x"}, "text"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"include": "x"}, "include"),
        ({"conversation": 3}, "conversation"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_a_field_of_the_wrong_type_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Refused) as refused:
        given.asked_here(**{"input": "hi", **fields})
    assert refused.value.fault.param == param


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"input":"x"}'])
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        given.CALLER.read_request(body)


def test_the_deepest_lone_surrogate_is_read() -> None:
    request = given.CALLER.read_request(b'{"model":"m","input":"\\ud83d"}')
    assert request.messages[0].parts == (Text("\ud83d"),)
    assert msgspec.json.decode(given.write(request).body.replace(b"\\ud83d", b"?"))["input"]
