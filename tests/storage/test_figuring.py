import math

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.figuring import MOST_TOKENS, SUMS, change_of
from tests.storage.samples import closed, settled

RECORDS = st.lists(
    st.builds(
        closed,
        user_id=st.sampled_from([None, "a", "b"]),
        backend_id=st.sampled_from([None, "x"]),
        created_at=st.floats(0, 1e6),
        outcome=st.sampled_from(["complete", "timeout"]),
        response_time_ms=st.none() | st.floats(0, 1e7),
    )
    | st.builds(settled, at=st.floats(0, 1e6), duration_ms=st.none() | st.floats(0, 1e7)),
    max_size=8,
)


@given(RECORDS)
def test_what_is_taken_back_leaves_nothing(records: list[ExchangeRow | AttemptRow]) -> None:
    change = change_of(records, records)
    for values in (*change.sums.values(), *change.tallies.values()):
        assert all(math.isclose(value, 0, abs_tol=1e-3) for value in values)


def test_an_exchange_counts_for_its_user_and_for_all() -> None:
    change = change_of([closed(), closed("x2", user_id="bob")])
    requests = {key[:2]: sums[0] for (key, _), sums in change.sums.items()}
    assert requests == {(0, "alice"): 1, (0, "bob"): 1, (1, ""): 2}


def test_whatever_a_backend_claims_the_sums_stay_whole() -> None:
    wild = closed(prompt_tokens=2**63, completion_tokens=-5, cost_usd=math.inf)
    change = change_of([wild, closed(response_time_ms=math.nan)])
    for sums in change.sums.values():
        told = dict(zip(SUMS, sums, strict=True))
        assert told["prompt_tokens"] <= MOST_TOKENS + 41
        assert told["completion_tokens"] == 0
        assert math.isfinite(told["cost_usd"])
    assert all(math.isfinite(total) for _, total in change.tallies.values())


def test_only_names_that_are_not_the_id_are_noted() -> None:
    change = change_of([closed(), closed("x2", user_id="u1", user_name="bob")])
    assert list(change.names) == [("user", "u1", "bob")]


def test_a_name_too_long_for_an_index_is_cut_in_figures_as_in_rows() -> None:
    change = change_of([closed(request_model="é" * 1000)])
    assert {len(key[3].encode()) for key in change.last_days} == {400}
