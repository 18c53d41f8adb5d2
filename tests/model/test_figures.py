from hypothesis import given
from hypothesis import strategies as st

from headgate.model import figures
from headgate.model.analytics import BUCKET_EDGES


def test_outcomes_keep_their_places() -> None:
    # They are kept in databases: a new one goes to the end.
    assert figures.OUTCOMES[:10] == (
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
    )


@given(st.floats(0.25, 2**20))
def test_the_values_of_a_bucket_differ_by_an_eighth_at_most(value_ms: float) -> None:
    bucket = figures.latency_bucket(value_ms)
    low = figures.LATENCY_EDGES[bucket - 1]
    assert low <= value_ms
    if bucket < len(figures.LATENCY_EDGES):
        assert value_ms < figures.LATENCY_EDGES[bucket] <= low * 1.125


def test_lengths_fall_into_the_histograms_buckets() -> None:
    for place, edge in enumerate(BUCKET_EDGES):
        assert figures.length_bucket(edge) == place
    assert figures.length_bucket(15) == 1


def test_an_ending_has_a_bucket_of_its_own_with_and_without_bodies() -> None:
    every = {figures.ended_bucket(o, d) for o in figures.OUTCOMES for d in (False, True)}
    assert len(every) == 2 * len(figures.OUTCOMES)


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert [figures.day_of(at) for at in (0.0, 86_399.999, 86_400.0)] == [0, 0, 1]
