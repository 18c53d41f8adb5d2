"""What arrived is remembered, readable and bounded."""

import pytest

from headgate.mock.visits import Visit, Visits, join_headers


def visit(body: bytes = b"") -> Visit:
    return Visit("POST", "/p", "a=b", {"x": "y"}, body, at=1.5, arrived_s=10.0)


@pytest.mark.parametrize(
    ("body", "shown"), [(b'{"a":1}', {"a": 1}), (b"text", "text"), (b"\xff", "\ufffd"), (b"", "")]
)
def test_a_body_is_json_where_it_is_json_else_text(body: bytes, shown: object) -> None:
    assert visit(body).as_json()["body"] == shown


def test_a_departure_is_timed_from_the_arrival() -> None:
    one = visit()
    assert one.as_json()["caller_left"] is False
    one.leave(10.25)
    assert (one.as_json()["caller_left"], one.as_json()["caller_left_after_ms"]) == (True, 250.0)


def test_only_the_last_are_kept() -> None:
    visits = Visits(2)
    for body in (b"1", b"2", b"3"):
        visits.add(visit(body))
    assert [one["body"] for one in visits.as_json()] == [2, 3]
    visits.clear()
    assert visits.as_json() == []


def test_headers_are_lower_case_and_joined() -> None:
    raw = [(b"A-B", b"1"), (b"a-b", b"2"), (b"c", b"\xe9")]
    assert join_headers(raw) == {"a-b": "1, 2", "c": "é"}
