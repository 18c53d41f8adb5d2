from typing import get_args

from headgate.model.stored import CANCELLING, RUNNING, STATUSES, Status
from tests.storage.stored_samples import stored


def test_what_runs_has_a_status_of_those_that_there_are() -> None:
    assert get_args(Status) == STATUSES
    assert set(STATUSES) > RUNNING - {CANCELLING}, (
        "that word is between workers, callers never see it"
    )


def test_the_size_is_that_of_what_was_said() -> None:
    assert stored("resp_1", input="12345", response="123").size == 8
