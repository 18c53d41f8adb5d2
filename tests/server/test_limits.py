"""The bounds that are documented."""

from headgate.server.limits import Limits


def test_the_bounds_are_those_that_the_documentation_names() -> None:
    limits = Limits()
    assert (limits.head_bytes, limits.request_line_bytes) == (65536, 8192)
    assert (limits.header_lines, limits.pipelined) == (100, 4)
    assert (limits.header_s, limits.body_s, limits.write_s) == (10, 30, 60)


def test_an_idle_connection_outlives_the_minute_of_common_load_balancers() -> None:
    assert Limits().idle_s > 60
