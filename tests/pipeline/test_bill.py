"""What an attempt used, by rule."""

import pytest

from headgate.dialects.facts import Facts
from headgate.model.outcome import Outcome
from headgate.model.usage import Bill, Usage
from headgate.pipeline.bill import bill_of, milliseconds
from headgate.pipeline.exchange import Attempt
from headgate.routing.target import Target

ESTIMATE = 40


def attempt(
    facts: Facts | None = None, outcome: Outcome = "complete", first_event_at: float | None = 1.0
) -> Attempt:
    made = Attempt(1, Target("b", "m"), 0.0, 0.0, first_event_at, outcome=outcome)
    made.facts = facts or Facts()
    return made


@pytest.mark.parametrize("seen", [{"finished": True}, {"terminated": True}])
def test_the_providers_figures_count_where_the_reply_is_whole(seen: dict[str, bool]) -> None:
    usage = Usage(5, 2, cached_tokens=3, reasoning_tokens=1)
    made = attempt(Facts(events=9, usage=usage, **seen))  # type: ignore[arg-type]
    assert bill_of(made, ESTIMATE) == Bill(usage, "provider")


def test_an_explicit_zero_is_a_zero() -> None:
    usage = Usage(0, 0)
    assert bill_of(attempt(Facts(9, True, usage=usage)), ESTIMATE) == Bill(usage, "provider")


def test_figures_from_the_start_of_a_cut_reply_are_estimated_on() -> None:
    usage = Usage(5, 1, cached_tokens=3)
    bill = bill_of(attempt(Facts(events=8, usage=usage), "truncated"), ESTIMATE)
    assert bill == Bill(Usage(5, 7, cached_tokens=3), "estimated")


def test_an_estimate_is_never_less_than_what_the_provider_counted_so_far() -> None:
    bill = bill_of(attempt(Facts(events=3, usage=Usage(5, 30)), "truncated"), ESTIMATE)
    assert bill == Bill(Usage(5, 30), "estimated")


def test_figures_without_the_output_are_no_figures() -> None:
    bill = bill_of(attempt(Facts(events=4, finished=True, usage=Usage(5))), ESTIMATE)
    assert bill == Bill(Usage(5, 3), "estimated")


def test_where_no_figures_came_both_sides_are_estimated() -> None:
    assert bill_of(attempt(Facts(events=4, finished=True)), ESTIMATE) == Bill(
        Usage(ESTIMATE, 3), "estimated"
    )


def test_the_bytes_count_where_one_event_carries_many_tokens() -> None:
    bill = bill_of(attempt(Facts(events=1, finished=True, output_bytes=2400)), ESTIMATE)
    assert bill.usage.output_tokens == 500


@pytest.mark.parametrize("outcome", ["upstream_error", "timeout", "drained", "refused"])
def test_what_brought_no_event_used_nothing(outcome: Outcome) -> None:
    assert bill_of(attempt(None, outcome, None), ESTIMATE) == Bill()


def test_a_caller_who_left_before_the_first_event_made_the_backend_read() -> None:
    bill = bill_of(attempt(None, "client_closed", None), ESTIMATE)
    assert bill == Bill(Usage(ESTIMATE, 0), "estimated")


def test_the_time_between_two_instants_is_in_milliseconds() -> None:
    assert milliseconds(1.0, 1.2345678) == 234.568
    assert milliseconds(1.0, None) is None
