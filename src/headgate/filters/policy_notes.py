"""What the request log keeps of the policies of an exchange: bounded, and without secrets."""

from headgate.filters.secret_shapes import redact
from headgate.model.books import PolicyNote
from headgate.pipeline.guard import Guard, Report

MOST_TAGS = 64
MOST_CHARACTERS = 200


def notes_of(guard: Guard | None) -> tuple[PolicyNote, ...]:
    """A note for each policy that has something to tell, in the order of the chain."""
    if guard is None:
        return ()
    return tuple(_note(report) for report in guard.reports if not report.quiet)


def tags_of(guard: Guard | None) -> dict[str, str]:
    """What policies say of the exchange, as far as it is text."""
    if guard is None:
        return {}
    tags = list(guard.effects.tags.items())[:MOST_TAGS]
    return {
        _text(name): _text(value)
        for name, value in tags
        if isinstance(name, str) and isinstance(value, str)  # a stranger's Python may have put it
    }


def _note(report: Report) -> PolicyNote:
    holds = report.holds
    return PolicyNote(
        policy=report.policy,
        monitor=report.monitor,
        refused=None if report.refused is None else _text(report.refused),
        changed=report.changed,
        findings={_text(name): count for name, count in report.findings.items()},
        failures=tuple(map(_text, report.failures)),
        holds=holds.count,
        held_ms=round(holds.total_s * 1000, 3),
        longest_hold_ms=round(holds.longest_s * 1000, 3),
        largest_hold=holds.largest,
        late=report.late,
    )


def _text(text: str) -> str:
    """Half a surrogate pair can be written nowhere."""
    return redact(text[:MOST_CHARACTERS].encode("utf-8", "replace").decode())
