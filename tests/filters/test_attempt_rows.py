from headgate.dialects.facts import Facts
from headgate.filters.attempt_rows import is_settled_at_close, row_of
from headgate.model.books import AttemptRow
from headgate.model.usage import Usage
from tests.filters.test_accounting import attempt, exchange


def test_only_what_is_complete_waits_for_the_close() -> None:
    done = attempt()
    assert not is_settled_at_close(done)
    done.outcome = "complete"
    assert is_settled_at_close(done)


async def test_a_settled_attempt_says_what_it_used() -> None:
    done = attempt()
    done.outcome, done.status = "complete", 200
    done.first_event_at, done.ended_at = 10.25, 11.0
    done.facts = Facts(3, True, usage=Usage(5, 2, cached_tokens=3, reasoning_tokens=1))
    assert row_of(exchange(), done) == AttemptRow(
        exchange_id="req_1",
        attempt=2,
        at=1000.5,
        user_id="7",
        backend_id="one",
        backend_name="one",
        routed_model="up-model",
        outcome="complete",
        status_code=200,
        prompt_tokens=5,
        completion_tokens=2,
        cached_tokens=3,
        reasoning_tokens=1,
        usage_source="provider",
        time_to_first_event_ms=250.0,
        duration_ms=1000.0,
    )
