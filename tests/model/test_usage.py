from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.usage import Usage, merge

COUNTS = st.none() | st.integers(0, 99)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)


def test_the_first_report_is_taken_as_it_is() -> None:
    usage = Usage(5, 2, extras={"a": 1})
    assert merge(None, usage) is usage


def test_a_later_report_wins_field_by_field_and_is_never_added() -> None:
    assert merge(Usage(5, 1, cached_tokens=3), Usage(output_tokens=9)) == Usage(5, 9, 3)


def test_a_zero_is_a_report() -> None:
    assert merge(Usage(5, 1), Usage(0, 0)) == Usage(0, 0)


def test_the_vendors_own_words_are_laid_over_each_other() -> None:
    earlier = Usage(dialect="messages", extras={"a": 1, "b": 1})
    merged = merge(earlier, Usage(extras={"b": 2}))
    assert (merged.dialect, merged.extras) == ("messages", {"a": 1, "b": 2})
    assert merge(Usage(), Usage()).extras is None


def test_the_total_counts_what_is_known() -> None:
    assert Usage(5, 2).total_tokens == 7
    assert Usage(5).total_tokens == 5
    assert Usage().total_tokens == 0


@given(USAGES, USAGES, USAGES)
@settings(max_examples=50)
def test_the_order_of_merging_does_not_matter(a: Usage, b: Usage, c: Usage) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
