"""What the request log says of policies."""

from typing import Any

from headgate.filters.policy_notes import MOST_TAGS, notes_of, tags_of
from headgate.model.books import PolicyNote
from headgate.policies.chain import compile_chain
from headgate.policies.environment import Environment
from headgate.policies.occasion import Occasion
from headgate.policies.running import Running


def opened(*names: str) -> Running:
    entries = [{"policy": "redact", "name": name} for name in names]
    running = compile_chain(entries, Environment()).opens(Occasion())
    assert running is not None
    running.begin_reply()
    return running


def test_without_policies_there_is_nothing_to_tell() -> None:
    assert notes_of(None) == ()
    assert tags_of(None) == {}
    assert notes_of(opened("quiet")) == ()


def test_a_note_says_what_a_policy_did_and_what_it_held() -> None:
    guard = opened("quiet", "loud")
    report = guard.reports[1]
    report.changed = True
    report.refused = "it says sk-live-0123456789abcdefghij"
    report.note("email")
    report.note("half \ud800")
    report.held(0.25, 7)
    report.held(0.5, 3)
    report.late = 1
    report.failures.append("ValueError in rules.py, line 3")
    (note,) = notes_of(guard)
    assert "sk-live" not in (note.refused or "")
    assert note == PolicyNote(
        policy="loud",
        refused=note.refused,
        changed=True,
        findings={"email": 1, "half ?": 1},
        failures=("ValueError in rules.py, line 3",),
        holds=2,
        held_ms=750.0,
        longest_hold_ms=500.0,
        largest_hold=7,
        late=1,
    )


def test_tags_are_text_and_bounded() -> None:
    guard = opened("any")
    tags: dict[Any, Any] = guard.effects.tags
    tags |= {"team": "x" * 1000, 5: "number", "number": 5}
    assert tags_of(guard) == {"team": "x" * 200}
    tags |= {str(number): "" for number in range(1000)}
    assert len(tags_of(guard)) <= MOST_TAGS
