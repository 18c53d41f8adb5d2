from typing import Any

import pytest

from headgate.model.fault import Untranslatable
from headgate.model.parts import Text
from headgate.model.request import ReasoningWish, Request, Sampling
from tests.dialects.messages import given


def _ask(sampling: Sampling | None = None, **fields: Any) -> Request:
    message = given.said("user", Text("hi"))
    return given.asked(message, sampling=sampling or Sampling(), **fields)


def test_the_dials_that_both_have() -> None:
    body = given.written(_ask(Sampling(temperature=0.5, top_p=0.9, top_k=3, stop=("END", " "))))
    assert (body["temperature"], body["top_p"], body["top_k"]) == (0.5, 0.9, 3)
    assert body["stop_sequences"] == ["END"]


def test_nothing_is_invented() -> None:
    assert given.written(_ask(), given.destination(most_output=77)) == {
        "model": "claude",
        "max_tokens": 77,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }


def test_heat_beyond_the_scale_is_its_end_and_a_loss() -> None:
    result = given.write(_ask(Sampling(temperature=1.6)))
    assert b'"temperature":1' in result.body
    assert result.losses == ("temperature",)


def test_t73_a_model_that_fixes_its_sampling_gets_no_dials() -> None:
    target = given.destination(fixed_sampling=True)
    result = given.write(_ask(Sampling(temperature=0.2, top_p=1, top_k=5)), target)
    assert result.losses == ("temperature", "top_k")
    assert b"temperature" not in result.body
    assert given.write(_ask(Sampling(temperature=1)), target).losses == ()


def test_a_model_that_takes_one_of_two_gets_the_temperature() -> None:
    target = given.destination(one_of_temperature_top_p=True)
    result = given.write(_ask(Sampling(temperature=0.2, top_p=0.5)), target)
    assert b"top_p" not in result.body
    assert result.losses == ("top_p",)
    assert b'"top_p":0.5' in given.write(_ask(Sampling(top_p=0.5)), target).body


def test_a_thinking_model_takes_no_dials() -> None:
    sampling = Sampling(temperature=0.2, top_p=0.5, top_k=5)
    result = given.write(_ask(sampling, reasoning=ReasoningWish("low")))
    assert result.losses == ("temperature", "top_k", "top_p")
    kept = given.written(_ask(Sampling(top_p=0.97), reasoning=ReasoningWish("low")))
    assert kept["top_p"] == 0.97


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"sampling": Sampling(seed=0)}, "seed"),
        ({"sampling": Sampling(frequency_penalty=0.5)}, "frequency_penalty"),
        ({"sampling": Sampling(presence_penalty=0.5)}, "presence_penalty"),
        ({"sampling": Sampling(logit_bias={"5": 1})}, "logit_bias"),
        ({"sampling": Sampling(logprobs=True)}, "logprobs"),
        ({"sampling": Sampling(stop=("\n",))}, "stop"),
        ({"verbosity": "low"}, "verbosity"),
        ({"prediction": {"type": "content"}}, "prediction"),
        ({"truncation": "auto"}, "truncation"),
        ({"include": ("message.output_text.logprobs",)}, "include"),
        ({"service_tier": "scale"}, "service_tier"),
        ({"user": "a", "safety_id": "b"}, "user"),
        ({"extras": {"novelty": 1}}, "novelty"),
    ],
)
def test_what_this_dialect_lacks_is_listed(fields: dict[str, Any], lost: str) -> None:
    assert given.write(_ask(**fields)).losses == (lost,)


@pytest.mark.parametrize(
    "fields",
    [
        {"sampling": Sampling(n=1, frequency_penalty=0, presence_penalty=0, logprobs=False)},
        {"sampling": Sampling(logit_bias={}, top_logprobs=0)},
        {"metadata": {"a": "b"}, "store": True, "prompt_cache_key": "k"},
        {"truncation": "disabled", "background": False, "modalities": ("text",)},
        {"include": ("reasoning.encrypted_content",)},
        {"extras": {"stream_options": {"include_obfuscation": False}}},
        {"user": "a", "safety_id": "a"},
        {"parallel_tool_calls": True},
    ],
)
def test_what_means_the_default_or_matters_to_nobody_is_silent(fields: dict[str, Any]) -> None:
    assert given.write(_ask(**fields)).losses == ()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
    ],
)
def test_what_would_not_be_the_answer_is_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        given.write(_ask(**fields))
    assert caught.value.fault.param == param


def test_the_user_is_the_one_that_safety_knows() -> None:
    assert given.written(_ask(safety_id="s"))["metadata"] == {"user_id": "s"}
    assert given.written(_ask(user="u"))["metadata"] == {"user_id": "u"}


def test_a_user_too_long_for_the_vendor_is_named_by_a_digest() -> None:
    (user,) = given.written(_ask(user="u" * 257))["metadata"].values()
    assert user.startswith("user_")
    assert len(user) <= 256


@pytest.mark.parametrize(
    ("tier", "expected"), [("auto", "auto"), ("priority", "auto"), ("flex", "standard_only")]
)
def test_the_nearest_tier(tier: str, expected: str) -> None:
    assert given.written(_ask(service_tier=tier))["service_tier"] == expected
