from typing import Any

import pytest

from headgate.dialects.destination import Destination, Quirks
from headgate.model.fault import Untranslatable
from headgate.model.parts import Text
from headgate.model.request import (
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
    Tool,
    ToolChoice,
    ToolRef,
)
from tests.dialects.responses import given

USER = given.said("user", Text("hi"))


def test_another_dialects_request_is_not_stored_and_asks_for_its_state() -> None:
    assert given.written(given.asked(USER)) == {
        "model": "gpt",
        "input": [{"type": "message", "role": "user", "content": "hi"}],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


def test_models_that_do_not_think_are_not_asked_for_thoughts() -> None:
    plain = given.destination(thinking="none")
    assert "include" not in given.written(given.asked(USER), plain)
    assert "include" not in given.written(given.asked(USER), given.destination("vllm"))
    request = given.asked(USER, reasoning=ReasoningWish("low"))
    assert given.write(request, plain).losses == ("reasoning_effort",)
    off = given.asked(USER, reasoning=ReasoningWish(mode="disabled"))
    assert given.write(off, plain).losses == ()


@pytest.mark.parametrize(
    ("wish", "written"),
    [
        (ReasoningWish("low"), {"effort": "low"}),
        (
            ReasoningWish(budget_tokens=5000, mode="enabled"),
            {"effort": "medium", "summary": "auto"},
        ),
        (ReasoningWish(mode="adaptive"), {"summary": "auto"}),
        (ReasoningWish("max", mode="adaptive", summary="omitted"), {"effort": "high"}),
        (ReasoningWish(mode="disabled"), {"effort": "low"}),
        (ReasoningWish("low", summary="detailed"), {"effort": "low", "summary": "detailed"}),
    ],
)
def test_how_much_to_think_is_said_in_efforts(wish: ReasoningWish, written: Any) -> None:
    target = given.destination(efforts=("low", "medium", "high"))
    request = given.asked(USER, dialect="messages", reasoning=wish)
    assert given.written(request, target)["reasoning"] == written


def test_what_this_dialect_cannot_steer_is_lost_by_name() -> None:
    sampling = Sampling(
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        seed=1,
        stop=("x",),
        logit_bias={"1": 1},
        frequency_penalty=0.5,
        logprobs=True,
        top_logprobs=2,
    )
    result = given.write(given.asked(USER, sampling=sampling))
    assert sorted(result.losses) == ["frequency_penalty", "logit_bias", "seed", "stop", "top_k"]
    body = given.written(given.asked(USER, sampling=sampling))
    assert (body["temperature"], body["top_p"], body["top_logprobs"]) == (0.5, 0.9, 2)
    assert "message.output_text.logprobs" in body["include"]


def test_t73_dials_that_the_model_refuses_are_lost_by_name() -> None:
    request = given.asked(USER, sampling=Sampling(temperature=0.5, top_p=0.9))
    result = given.write(request, given.destination(fixed_sampling=True))
    assert result.losses == ("temperature", "top_p")
    assert b"temperature" not in result.body


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"audio": {"voice": "x"}}, "modalities"),
        ({"extras": {"mcp_servers": [{}]}}, "mcp_servers"),
        ({"extras": {"container": {"id": "c"}}}, "container"),
    ],
)
def test_what_the_caller_insists_on_and_cannot_have_is_refused(
    fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(Untranslatable) as refused:
        given.write(given.asked(USER, dialect="messages", **fields))
    assert refused.value.fault.param == param


def test_n_of_one_is_nothing_to_say() -> None:
    assert given.write(given.asked(USER, sampling=Sampling(n=1))).losses == ()


def test_the_smallest_cap_that_the_vendor_takes() -> None:
    result = given.write(given.asked(USER, max_tokens=1))
    assert b'"max_output_tokens":16' in result.body
    assert result.losses == ("max_tokens",)
    elsewhere = given.written(given.asked(USER, max_tokens=1), given.destination("vllm"))
    assert elsewhere["max_output_tokens"] == 1
    assert given.written(given.asked(USER, max_tokens=99))["max_output_tokens"] == 99


def test_the_shape_of_the_answer_is_flat() -> None:
    form = ResponseFormat("json_schema", None, {"type": "object"}, None)
    request = given.asked(USER, response_format=form, verbosity="low")
    assert given.written(request)["text"] == {
        "format": {"type": "json_schema", "name": "response", "schema": {"type": "object"}},
        "verbosity": "low",
    }


def test_tools_and_names_that_do_not_fit_find_their_way_back() -> None:
    request = given.asked(
        USER,
        tools=(Tool("has space"), Tool("fine")),
        tool_choice=ToolChoice("tool", ToolRef("has space")),
        parallel_tool_calls=False,
    )
    result = given.write(request)
    body = given.written(request)
    sent = body["tools"][0]["name"]
    assert sent != "has space"
    assert result.tools == {sent: ToolRef("has space")}
    assert body["tool_choice"] == {"type": "function", "name": sent}
    assert body["parallel_tool_calls"] is False


def test_choices_without_tools_are_not_said_for_another_dialect() -> None:
    request = given.asked(USER, tool_choice=ToolChoice("none"), parallel_tool_calls=True)
    assert given.written(request).keys() == {"model", "input", "store", "include"}


@pytest.mark.parametrize(
    ("tier", "written", "losses"),
    [
        ("flex", "flex", ()),
        ("standard_only", "default", ()),
        ("gold", None, ("service_tier",)),
    ],
)
def test_service_tiers(tier: str, written: str | None, losses: tuple[str, ...]) -> None:
    request = given.asked(USER, service_tier=tier)
    assert given.written(request).get("service_tier") == written
    assert given.write(request).losses == losses


def test_foreign_fields_are_lost_but_those_of_the_same_vendor() -> None:
    request = given.asked(
        USER,
        extras={"odd": 1, "prompt_cache_retention": "24h", "stream_options": {}, "chat": {}},
        prediction={"type": "content"},
    )
    result = given.write(request)
    assert result.losses == ("prediction", "odd")
    assert b'"prompt_cache_retention":"24h"' in result.body


def test_a_search_wish_is_a_tool_and_stands_for_tools() -> None:
    request = given.asked(USER, web_search={"search_context_size": "low"})
    assert given.written(request)["tools"] == [{"type": "web_search", "search_context_size": "low"}]


def test_instructions_go_back_where_they_stood() -> None:
    body = given.written(given.asked_here(input="hi", instructions="be brief"))
    assert body["instructions"] == "be brief"
    assert len(body["input"]) == 1
    system = given.written(given.asked_here(input=[{"role": "system", "content": "be brief"}]))
    assert "instructions" not in system
    assert system["input"][0]["role"] == "system"


def test_additional_tools_go_back_where_they_stood() -> None:
    item = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "custom", "name": "g"}],
    }
    sent = {
        "instructions": "i",
        "input": [{"type": "message", "role": "user", "content": "u"}, item],
        "tools": [{"type": "function", "name": "f"}],
    }
    assert given.written(given.asked_here(**sent)) == {"model": "gpt", **sent}


def test_fields_that_the_backend_refuses_are_left_out_and_named() -> None:
    target = given.destination(quirks=Quirks(refuses_fields=frozenset({"store", "user"})))
    result = given.write(given.asked(USER, user="u"), target)
    assert b'"store"' not in result.body
    assert set(result.losses) == {"store", "user"}


def test_a_prefilled_answer_is_named() -> None:
    request = given.asked(USER, given.said("assistant", Text("The")), dialect="messages")
    assert given.write(request).losses == ("messages.prefill",)


def test_the_path_is_one_for_all() -> None:
    target = Destination(model="m", vendor="openai")
    assert given.BACKEND.path(target.model, True) == "/v1/responses"


def test_the_model_is_left_out_where_the_path_names_it() -> None:
    target = given.destination(quirks=Quirks(model_in_body=False))
    assert "model" not in given.written(given.asked(USER), target)


def test_everything_of_this_dialect_comes_back() -> None:
    sent: dict[str, Any] = {
        "input": [{"type": "message", "role": "user", "content": "hi"}],
        "stream": True,
        "max_output_tokens": 3,
        "temperature": 0.5,
        "top_p": 0.5,
        "top_logprobs": 1,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.0,
        "tool_choice": "none",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "low", "summary": "auto", "context": "auto"},
        "text": {"format": {"type": "text"}, "verbosity": "low", "odd": 1},
        "user": "u",
        "safety_identifier": "s",
        "metadata": {},
        "service_tier": "gold",
        "prompt_cache_key": "k",
        "store": True,
        "previous_response_id": "resp_1",
        "conversation": "conv_1",
        "background": False,
        "include": ["x"],
        "truncation": "auto",
        "client_metadata": {"a": 1},
        "max_tool_calls": 3,
    }
    request: Request = given.asked_here(**sent)
    assert given.written(request) == {"model": "gpt", **sent}
    assert given.write(request).losses == ()


def test_an_end_user_too_long_for_the_vendor_is_named_by_a_digest() -> None:
    name = given.written(given.asked(USER, safety_id="u" * 65))["safety_identifier"]
    assert name.startswith("user_")
    assert len(name) <= 64
