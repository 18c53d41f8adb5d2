import json
from typing import Any

import pytest

from headgate.model.fault import Refused
from headgate.server.paging import number_in, page_of

ITEMS = [{"id": f"m{number}"} for number in range(5)]


def page(**query: str) -> tuple[list[str], bool]:
    told: dict[str, Any] = json.loads(page_of(ITEMS, query))
    ids = [item["id"] for item in told["data"]]
    assert told["first_id"] == (ids[0] if ids else None)
    assert told["last_id"] == (ids[-1] if ids else None)
    return ids, told["has_more"]


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ({}, ["m4", "m3", "m2", "m1", "m0"], False),
        ({"order": "asc", "limit": "2"}, ["m0", "m1"], True),
        ({"order": "asc", "limit": "2", "after": "m1"}, ["m2", "m3"], True),
        ({"limit": "2", "after": "m1"}, ["m0"], False),
        ({"after": "m0"}, [], False),
    ],
)
def test_pages_follow_each_other(query: dict[str, str], ids: list[str], more: bool) -> None:
    assert page(**query) == (ids, more)


@pytest.mark.parametrize(
    ("name", "said"),
    [("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "x"), ("limit", "9" * 5000),
     ("order", "up"), ("after", "m9")],
)  # fmt: skip
def test_what_makes_no_page_is_refused_by_name(name: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        page_of(ITEMS, {name: said})
    assert (caught.value.fault.http_status, caught.value.fault.param) == (400, name)


def test_a_number_may_be_left_out() -> None:
    assert number_in(None, "starting_after") is None
    assert number_in("12", "starting_after") == 12
