import pytest

from headgate.dialects.facts import Facts
from headgate.model.fault import Fault
from headgate.model.outcome import Outcome
from headgate.pipeline.verdict import Ending, judge

_OWN = Fault(kind="overloaded", message="busy", origin="upstream")


@pytest.mark.parametrize(
    ("facts", "ending", "outcome", "kind"),
    [
        (Facts(events=3, finished=True, terminated=True), "clean", "complete", None),
        (Facts(events=3, finished=True), "clean", "complete", None),
        (Facts(events=3, finished=True), "broken", "complete", None),
        (Facts(events=3, finished=True), "due", "complete", None),
        (Facts(), "clean", "empty", None),
        (Facts(terminated=True), "clean", "empty", None),
        (Facts(events=2), "clean", "truncated", "upstream_truncated"),
        (Facts(events=2), "broken", "truncated", "upstream_truncated"),
        (Facts(events=1, ends_with_body=True), "clean", "complete", None),
        (Facts(ends_with_body=True), "clean", "complete", None),
        (Facts(events=1, ends_with_body=True), "broken", "truncated", "upstream_truncated"),
        (Facts(events=1, ends_with_body=True), "due", "timeout", "timeout"),
        (Facts(events=2), "due", "timeout", "timeout"),
        (Facts(events=2), "nonsense", "upstream_error", "upstream_error"),
        (Facts(events=2), "left", "client_closed", None),
        (Facts(events=2, finished=True), "left", "client_closed", None),
        (Facts(events=2, finished=True, terminated=True), "left", "complete", None),
        (Facts(events=2), "drained", "drained", "gateway_restarting"),
        (Facts(events=2, fault=_OWN), "clean", "upstream_error", "overloaded"),
    ],
)
def test_each_ending_has_one_outcome(
    facts: Facts, ending: Ending, outcome: Outcome, kind: str | None
) -> None:
    judged, fault = judge(facts, ending)
    assert judged == outcome
    assert (fault.kind if fault else None) == kind
