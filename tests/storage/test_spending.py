from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.journal import Record
from headgate.storage.spending import BookedSpending
from tests.storage.samples import AT, closed, settled


async def test_every_attempt_of_the_exchanges_in_that_time_counts(
    database: Database,
) -> None:
    records: list[Record] = [
        closed("before", created_at=AT - 1),
        settled("before", cost_usd=100.0),
        closed("one", created_at=AT),
        settled("one", 1, cost_usd=0.25, outcome="timeout"),
        settled("one", 2, cost_usd=0.5),
        closed("two", created_at=AT + 9),
        settled("two", cost_usd=None),
        closed("after", created_at=AT + 10),
        settled("after", at=AT + 11, cost_usd=100.0),
        closed("reserved after", created_at=AT + 9),
        settled("reserved after", at=AT + 10, cost_usd=100.0),
        closed("other key", created_at=AT, key_id="k2"),
        settled("other key", cost_usd=3.0),
        closed("bobs", created_at=AT, user_id="bob", key_id=None),
        settled("bobs", cost_usd=7.0),
    ]
    await BookWriter(database, lambda record, refusal: None).store(records)
    spending = BookedSpending(database)
    assert await spending.spent(("user", "alice"), AT, AT + 10) == 3.75
    assert await spending.spent(("user", "bob"), AT, AT + 10) == 7.0
    assert await spending.spent(("user", "k1"), 0.0, AT + 99) == 0.0
    assert await spending.spent(("key", "k1"), AT, AT + 10) == 0.75
    assert await spending.spent(("key", "k2"), AT, AT + 10) == 3.0
    assert await spending.spent(("key", "alice"), 0.0, AT + 99) == 0.0
