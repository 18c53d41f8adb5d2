from typing import get_args

from headgate.model.outcome import Outcome


def test_the_outcomes_are_the_contracts_and_the_refusal() -> None:
    assert set(get_args(Outcome)) == {
        "complete",
        "empty",
        "truncated",
        "upstream_error",
        "timeout",
        "client_closed",
        "blocked",
        "drained",
        "killed",
        "refused",
    }
