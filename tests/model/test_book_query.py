import pytest

from headgate.model.book_query import RequestQuery, bounded


@pytest.mark.parametrize(
    ("limit", "applied"), [(50, 50), (0, 1), (-3, 1), (500, 500), (501, 500), (10**30, 500)]
)
def test_a_page_has_one_to_five_hundred_rows(limit: int, applied: int) -> None:
    assert bounded(RequestQuery(limit=limit)).limit == applied


@pytest.mark.parametrize(("offset", "applied"), [(0, 0), (-1, 0), (7, 7), (10**30, 2**31 - 1)])
def test_an_offset_is_one_that_a_database_takes(offset: int, applied: int) -> None:
    assert bounded(RequestQuery(offset=offset)).offset == applied


def test_what_is_wanted_stays() -> None:
    query = RequestQuery(limit=1000, q="x", user_id="u", outcome="killed", since=1.5)
    assert bounded(query) == RequestQuery(
        limit=500, q="x", user_id="u", outcome="killed", since=1.5
    )
