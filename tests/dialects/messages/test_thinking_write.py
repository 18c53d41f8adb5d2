from typing import Any

import pytest

from headgate.model.parts import Text
from headgate.model.request import ReasoningWish, Tool, ToolChoice
from tests.dialects.messages import given

HI = given.said("user", Text("hi"))


def _body(wish: ReasoningWish, dialect: str = "chat", **able: Any) -> dict[str, Any]:
    return given.written(
        given.asked(HI, dialect=dialect, reasoning=wish), given.destination(**able)
    )


def _losses(wish: ReasoningWish, dialect: str = "chat", **able: Any) -> tuple[str, ...]:
    request = given.asked(HI, dialect=dialect, reasoning=wish)
    return given.write(request, given.destination(**able)).losses


@pytest.mark.parametrize("form", ["adaptive", "adaptive_or_budget", "effort"])
@pytest.mark.parametrize(
    ("effort", "expected"),
    [("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high"), ("max", "max")],
)
def test_an_effort_on_an_adaptive_model(form: str, effort: Any, expected: str) -> None:
    body = _body(ReasoningWish(effort), thinking=form)
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": expected}


def test_an_effort_that_the_model_lacks_is_the_nearest() -> None:
    body = _body(ReasoningWish("max"), thinking="adaptive", efforts=("low", "medium", "high"))
    assert body["output_config"] == {"effort": "high"}


@pytest.mark.parametrize(("effort", "budget"), [("low", 2048), ("medium", 8192), ("high", 24576)])
def test_an_effort_on_a_budget_model(effort: Any, budget: int) -> None:
    body = _body(ReasoningWish(effort), thinking="budget")
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert "output_config" not in body


def test_a_budget_on_an_adaptive_model_is_an_effort() -> None:
    wish = ReasoningWish(budget_tokens=8000, mode="enabled")
    body = _body(wish, "messages", thinking="adaptive")
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "medium"}


def test_a_budget_stays_where_the_model_takes_both_forms() -> None:
    wish = ReasoningWish(budget_tokens=8000, mode="enabled", summary="auto")
    assert _body(wish, "messages")["thinking"] == {
        "type": "enabled",
        "budget_tokens": 8000,
        "display": "summarized",
    }


def test_a_budget_leaves_room_for_the_answer() -> None:
    request = given.asked(HI, max_tokens=2000, reasoning=ReasoningWish("high"))
    body = given.written(request, given.destination(thinking="budget"))
    assert body["thinking"]["budget_tokens"] == 1600


def test_a_cap_without_room_for_thinking_switches_it_off() -> None:
    request = given.asked(HI, max_tokens=900, reasoning=ReasoningWish("high"))
    result = given.write(request, given.destination(thinking="budget"))
    assert b"thinking" not in result.body
    assert result.losses == ("reasoning_effort",)


@pytest.mark.parametrize("form", ["adaptive", "budget", "adaptive_or_budget"])
def test_no_effort_is_no_thinking(form: str) -> None:
    assert _body(ReasoningWish("none"), thinking=form)["thinking"] == {"type": "disabled"}


def test_thinking_that_cannot_be_switched_off_is_kept_low() -> None:
    body = _body(ReasoningWish("none"), thinking="adaptive", thinking_off=False)
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "low"}


def test_a_model_that_does_not_think_loses_the_wish() -> None:
    assert _losses(ReasoningWish("high"), thinking="none") == ("reasoning_effort",)
    assert _losses(ReasoningWish("none"), thinking="none") == ()
    wish = ReasoningWish("low", mode="adaptive")
    assert _losses(wish, "messages", thinking="none") == ("thinking", "output_config.effort")
    assert "thinking" not in _body(ReasoningWish("high"), thinking="none")


def test_adaptive_thinking_on_a_budget_model_has_a_budget() -> None:
    body = _body(ReasoningWish(mode="adaptive"), "messages", thinking="budget")
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 8192}


def test_an_effort_of_this_dialect_switches_no_thinking_on() -> None:
    body = _body(ReasoningWish("low"), "messages")
    assert "thinking" not in body
    assert body["output_config"] == {"effort": "low"}
    assert _losses(ReasoningWish("low"), "messages", thinking="budget") == ("output_config.effort",)


def test_the_wish_for_no_summary_is_told() -> None:
    body = _body(ReasoningWish("low", summary="omitted"))
    assert body["thinking"] == {"type": "adaptive", "display": "omitted"}


def test_a_form_that_is_newer_than_we_are_goes_back_alone() -> None:
    wish = ReasoningWish(extras={"type": "between_tools"})
    assert _body(wish, "messages")["thinking"] == {"type": "between_tools"}
    assert _losses(wish) == ("reasoning_effort",)


def test_a_forced_tool_switches_manual_thinking_off() -> None:
    request = given.asked(
        HI,
        tools=(Tool("look"),),
        tool_choice=ToolChoice("required"),
        reasoning=ReasoningWish("low"),
    )
    result = given.write(request, given.destination(thinking="budget"))
    assert b"thinking" not in result.body
    assert result.losses == ("reasoning_effort",)
    assert b'"adaptive"' in given.write(request, given.destination(thinking="adaptive")).body
