"""What counts as a policy's block, and which of its headers can be sent."""

from headgate.model.fault import Fault
from headgate.pipeline.guard import is_block, no_guard, sendable


def test_only_a_policy_of_ours_blocks() -> None:
    ours = Fault(kind="policy_violation", message="no")
    assert is_block(ours)
    assert not is_block(Fault(kind="policy_violation", message="no", origin="upstream"))
    assert not is_block(Fault(kind="content_filter", message="no"))
    assert not is_block(None)


def test_headers_that_would_break_a_message_are_not_sent() -> None:
    good = [("x-a", "1"), ("X-B", "two words")]
    bad = [("x c", "1"), ("", "1"), ("x-d", "1\r\nx-e: 2"), ("x-f", "ü"), ("x:g", "1")]
    assert sendable([*good, *bad]) == tuple(good)


def test_what_somebodys_python_put_among_the_headers_breaks_nothing() -> None:
    assert sendable([("x-a", 1), (2, "b"), None, ("x-a",), "ab", ("x-a", "1")]) == (("x-a", "1"),)


def test_where_nothing_is_configured_nobody_guards() -> None:
    assert no_guard(object()) is None
