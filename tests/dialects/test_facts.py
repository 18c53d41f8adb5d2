from headgate.dialects.facts import Facts


def test_at_first_nothing_is_known() -> None:
    facts = Facts()
    assert (facts.events, facts.output_bytes, facts.sequence_number) == (0, 0, -1)
    assert (facts.finished, facts.terminated, facts.fault_relayed) == (False, False, False)
    assert (facts.usage, facts.fault, facts.native_finish) == (None, None, None)
    assert (facts.id, facts.model) == ("", "")


def test_facts_of_two_streams_are_two() -> None:
    first, second = Facts(), Facts()
    first.events += 1
    assert second.events == 0
    assert first != second
