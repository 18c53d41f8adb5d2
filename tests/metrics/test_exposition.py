import math

from hypothesis import given
from hypothesis import strategies as st

from headgate.metrics.exposition import written
from headgate.metrics.family import Family
from headgate.metrics.sample import Gauge, alone
from tests.metrics.strict_parser import parse


def test_a_text_as_the_format_s_page_shows_it() -> None:
    requests = Family("http_requests_total", "The number of requests.", ("method", "code"))
    requests.add(("post", "200"), 1027)
    waits = Family("wait_seconds", "Waiting.", (), (0.05, 1.0))
    for value in (0.01, 0.5, 0.5, 7.0):
        waits.observe((), value)
    assert written([requests, waits], [alone("up", "Whether.", 1)]).decode() == (
        "# HELP http_requests_total The number of requests.\n"
        "# TYPE http_requests_total counter\n"
        'http_requests_total{method="post",code="200"} 1027\n'
        "# HELP wait_seconds Waiting.\n"
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="0.05"} 1\n'
        'wait_seconds_bucket{le="1"} 3\n'
        'wait_seconds_bucket{le="+Inf"} 4\n'
        "wait_seconds_sum 8.01\n"
        "wait_seconds_count 4\n"
        "# HELP up Whether.\n"
        "# TYPE up gauge\n"
        "up 1\n"
    )


@given(st.lists(st.tuples(st.text(max_size=8), st.floats(0, 1e12)), max_size=8))
def test_whatever_a_label_says_it_is_read_back(values: list[tuple[str, float]]) -> None:
    family = Family("a_total", 'Help with \\ and "quotes"\nand a second line.', ("x",))
    for text, value in values:
        family.add((text,), value)
    if not family.rows:
        assert written([family], []) == b""
        return
    read = parse(written([family], []).decode())["a_total"]
    expected: dict[str, float] = {}
    for (text,), row in family.rows.items():
        # Half a surrogate pair can be written nowhere.
        said = text.encode("utf-8", "replace").decode()
        expected[said] = expected.get(said, 0.0) + row[0]
    for said, value in expected.items():
        assert read.value(x=said) == value


def test_what_has_no_series_is_left_out() -> None:
    assert written([Family("a_total", "A.")], [Gauge("b", "B.", ("x",), ())]) == b""


def test_numbers_are_whole_where_they_are() -> None:
    gauges = [alone("a", "A.", 2.0), alone("b", "B.", 0.1), alone("c", "C.", math.inf)]
    lines = written([], gauges).decode().splitlines()
    assert [line for line in lines if line[0] != "#"] == ["a 2", "b 0.1", "c +Inf"]
