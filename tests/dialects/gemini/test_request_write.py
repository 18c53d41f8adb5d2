"""Whole requests."""

from typing import Any

import pytest

from headgate.dialects.destination import Abilities, Destination, Quirks
from headgate.model.fault import Untranslatable
from headgate.model.parts import Text
from headgate.model.request import (
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
    Tool,
)
from tests.dialects.gemini.drive import BUDGET, LEVEL, ask, body, write

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def asking(**more: Any) -> Request:
    return ask(Message("user", (Text("hi"),)), **more)


def test_nothing_is_invented() -> None:
    assert body(asking()) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    assert write(asking()).losses == ()


def test_every_dial_has_its_place() -> None:
    sampling = Sampling(
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        seed=7,
        logprobs=True,
        top_logprobs=3,
        n=2,
        stop=("a", "b"),
    )
    wish = ReasoningWish("low")

    assert body(asking(sampling=sampling, max_tokens=100, reasoning=wish))["generationConfig"] == {
        "maxOutputTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 4,
        "frequencyPenalty": 0.1,
        "presencePenalty": 0.2,
        "seed": 7,
        "candidateCount": 2,
        "responseLogprobs": True,
        "logprobs": 3,
        "stopSequences": ["a", "b"],
        "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
    }


def test_dials_that_the_model_refuses_are_listed() -> None:
    fixed = Destination(
        model="m",
        vendor="google",
        abilities=Abilities(fixed_sampling=True),
        quirks=Quirks(refuses_fields=frozenset({"seed", "serviceTier"})),
    )
    sampling = Sampling(temperature=1, top_k=3, seed=1)

    written = write(asking(sampling=sampling, service_tier="flex"), fixed)
    assert written.losses == ("temperature", "top_k", "seed", "service_tier")


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("verbosity", "low", "verbosity"),
        ("prediction", {"type": "content"}, "prediction"),
        ("truncation", "auto", "truncation"),
        ("service_tier", "scale", "service_tier"),
        ("extras", {"odd": 1, "prompt_cache_retention": "24h", "nothing": None}, "odd"),
        ("sampling", Sampling(logit_bias={"1": 2}), "logit_bias"),
    ],
)
def test_what_gemini_cannot_say_is_listed(field: str, value: Any, lost: str) -> None:
    assert write(asking(**{field: value})).losses == (lost,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("store", True),
        ("metadata", {"a": "b"}),
        ("prompt_cache_key", "k"),
        ("user", "u"),
        ("safety_id", "s"),
        ("include", ("reasoning.encrypted_content",)),
        ("truncation", "disabled"),
        ("service_tier", "auto"),
        ("modalities", ("text",)),
    ],
)
def test_what_means_nothing_here_is_silent(field: str, value: Any) -> None:
    assert write(asking(**{field: value})).losses == ()
    assert body(asking(**{field: value})) == body(asking())


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "c"}, "conversation"),
        ({"background": True}, "background"),
        ({"extras": {"mcp_servers": [{}]}}, "mcp_servers"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"sampling": Sampling(stop=tuple("abcdef"))}, "stop"),
        ({"sampling": Sampling(stop=tuple("abcdef")), "dialect": "messages"}, "stop_sequences"),
    ],
)
def test_what_must_not_be_dropped_is_refused_by_name(more: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        write(asking(**more))

    assert caught.value.fault.param == param


def test_structured_output_is_native() -> None:
    shape = ResponseFormat("json_schema", "n", SCHEMA, strict=True)

    assert body(asking(response_format=shape))["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    assert body(asking(response_format=ResponseFormat("json_object")))["generationConfig"] == {
        "responseMimeType": "application/json"
    }
    assert body(asking(response_format=ResponseFormat("text"))) == body(asking())


def test_a_backend_that_refuses_the_new_schema_field_gets_the_old() -> None:
    quirks = Quirks(refuses_fields=frozenset({"responseJsonSchema"}))
    old = Destination(model="m", vendor="google", quirks=quirks)
    shape = ResponseFormat("json_schema", "n", {**SCHEMA, "additionalProperties": False})

    assert body(asking(response_format=shape), old)["generationConfig"]["responseSchema"] == SCHEMA


def test_plain_json_beside_functions_is_lost_before_gemini_3() -> None:
    request = asking(tools=(Tool("f"),), response_format=ResponseFormat("json_object"))

    assert write(request, BUDGET).losses == ("response_format",)
    assert write(request, LEVEL).losses == ()


def test_pictures_as_output_and_tiers_are_asked_for() -> None:
    written = body(asking(modalities=("text", "image"), service_tier="priority"))

    assert written["generationConfig"] == {"responseModalities": ["TEXT", "IMAGE"]}
    assert written["serviceTier"] == "priority"


def test_one_call_at_a_time_is_left_to_the_reader() -> None:
    assert write(asking(parallel_tool_calls=False)).one_tool_call
    assert not write(asking(parallel_tool_calls=True)).one_tool_call
    assert write(asking(parallel_tool_calls=False)).losses == ()


def test_lone_surrogates_in_the_history_are_carried() -> None:
    request = ask(Message("user", (Text("\ud83d"),)))

    assert b"\\ud83d" in write(request).body
