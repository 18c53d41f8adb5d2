from typing import get_args

from headgate.model.analytics import BUCKET_EDGES, ERRORS
from headgate.model.outcome import Outcome


def test_an_error_is_an_outcome_that_nobody_wanted() -> None:
    assert set(get_args(Outcome)) >= ERRORS
    assert not ERRORS & {"complete", "client_closed", "blocked", "refused"}


def test_buckets_rise_from_nothing() -> None:
    assert list(BUCKET_EDGES) == sorted(set(BUCKET_EDGES))
    assert BUCKET_EDGES[0] == 0
