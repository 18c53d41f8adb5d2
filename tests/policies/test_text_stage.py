import pytest

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Audio, Citation, Reasoning, Text
from headgate.model.reply import unfold
from headgate.model.state import OpaqueState
from headgate.policies.environment import Environment
from headgate.policies.running import Running
from tests.policies.drive import Service, opened, reply, request, run, stream

MAIL = "write to a@example.org now"
REDACT = {"policy": "redact", "patterns": ["email"]}
WHERE = "tests.policies.strangers"


async def begun(running: Running) -> Running:
    await running.request(request())
    running.feed(ev.Started(), 0.0)
    running.feed(ev.BlockStarted(0, ev.TextBlock()), 0.0)
    return running


def test_what_is_held_is_due_when_the_oldest_of_it_has_waited_long_enough() -> None:
    async def work() -> None:
        running = await begun(opened({**REDACT, "max_hold": "50ms"}))
        assert running.due() is None
        assert running.feed(ev.TextDelta(0, "to a@ex"), 1.0) == [ev.TextDelta(0, "to ")]
        assert running.due() == pytest.approx(1.05)
        assert running.feed(ev.TextDelta(0, "ample"), 1.02) == []
        assert running.due() == pytest.approx(1.05)
        assert running.release(1.04) == []
        assert running.release(1.06) == [ev.TextDelta(0, "a@example")]
        assert running.due() is None
        assert running.feed(ev.TextDelta(0, ".org "), 2.0) == [ev.TextDelta(0, "[EMAIL] ")]
        report = running.reports[0]
        assert (report.late, report.holds.count) == (1, 1)
        assert report.holds.longest_s == pytest.approx(0.06)

    run(work())


def test_every_hold_is_measured_from_the_piece_that_it_began_with() -> None:
    async def work() -> None:
        running = await begun(opened(REDACT))
        running.feed(ev.TextDelta(0, "one two"), 1.0)
        running.feed(ev.TextDelta(0, " three"), 1.25)
        running.feed(ev.TextDelta(0, " "), 1.5)
        report = running.reports[0]
        assert (report.holds.count, report.holds.total_s) == (2, 0.5)
        assert running.due() is None

    run(work())


def test_without_max_hold_in_the_entry_the_built_in_bound_holds() -> None:
    async def work() -> float | None:
        running = await begun(opened(REDACT))
        running.feed(ev.TextDelta(0, "a"), 10.0)
        return running.due()

    assert run(work()) == 11.0


def test_text_that_passes_untouched_is_the_event_itself() -> None:
    logprobs = ({"token": "x"},)
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "x! ", logprobs),
    ]
    out = run(stream(opened(REDACT), events)).events
    assert out[-1] is events[-1]


def test_probabilities_never_tell_what_the_text_does_not() -> None:
    logprobs = ({"token": "a@example.org"},)
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "a@example", logprobs),
        ev.TextDelta(0, "", logprobs),
        ev.TextDelta(0, ".org ", logprobs),
        ev.BlockEnded(0),
    ]
    out = run(stream(opened(REDACT), events)).events
    assert out[2:-1] == [ev.TextDelta(0, "[EMAIL] ")]


def test_a_citation_waits_for_the_words_that_it_cites() -> None:
    citation = ev.CitationAdded(0, Citation(url="u"))
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "some word"),
        citation,
        ev.TextDelta(0, " more "),
    ]
    out = run(stream(opened(REDACT), events)).events
    assert out[2:] == [ev.TextDelta(0, "some "), ev.TextDelta(0, "word more "), citation]


def test_what_a_citation_quotes_is_text_as_well() -> None:
    quoting = Citation(cited_text=MAIL, title="a@b.org", start=0, end=3, native={"x": MAIL})
    out = run(stream(opened(REDACT), unfold(reply(Text("short! ", (quoting,)))))).reply
    assert out.choices[0].parts == (
        Text("short! ", (Citation(cited_text="write to [EMAIL] now", title="[EMAIL]"),)),
    )


def test_beside_changed_text_offsets_and_the_vendor_s_object_are_left_out() -> None:
    plain = Citation(url="u", start=0, end=3, native={"x": 1}, dialect="chat")
    same = run(stream(opened(REDACT), unfold(reply(Text("no mail. ", (plain,)))))).reply
    assert same == reply(Text("no mail. ", (plain,)))
    changed = run(stream(opened(REDACT), unfold(reply(Text(MAIL + ". ", (plain,)))))).reply
    assert changed.choices[0].parts == (
        Text("write to [EMAIL] now. ", (Citation(url="u", dialect="chat"),)),
    )


def test_state_goes_on_beside_the_thought_that_it_signs_and_no_other() -> None:
    state = OpaqueState("anthropic", "sig")
    kept = reply(Reasoning("a thought", state=state))
    assert run(stream(opened(REDACT), unfold(kept))).reply == kept
    changed = run(stream(opened(REDACT), unfold(reply(Reasoning(MAIL, state=state))))).reply
    assert changed == reply(Reasoning("write to [EMAIL] now"))


def test_what_is_said_aloud_is_read_too() -> None:
    given = reply(Audio("aGk=", transcript=MAIL))
    out = run(stream(opened(REDACT), unfold(given))).reply
    assert out == reply(Audio("aGk=", transcript="write to [EMAIL] now"))
    silent = reply(Audio("aGk="))
    assert run(stream(opened(REDACT), unfold(silent))).reply == silent
    blocked = run(stream(opened({"policy": "block", "words": ["now"]}), unfold(given)))
    assert blocked.fault is not None


def test_before_an_error_of_the_backend_comes_what_was_held() -> None:
    failed = ev.Failed(Fault(kind="upstream_error", message="x"))
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "to a@b.org"),
    ]
    out = run(stream(opened(REDACT), [*events, failed])).events
    assert out[2:] == [ev.TextDelta(0, "to "), ev.TextDelta(0, "[EMAIL]"), failed]
    waiting = run(stream(opened({"policy": f"{WHERE}:Reverse"}), [*events, failed])).events
    assert waiting[-1] == failed
    assert "".join(e.text for e in waiting if isinstance(e, ev.TextDelta)) == "@a otgro.b"


def test_a_stream_that_is_cut_gives_out_what_arrived() -> None:
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "to a@b"),
    ]
    assert run(stream(opened(REDACT), events)).text == "to a@b"


def test_only_the_kinds_of_text_that_the_entry_names_are_read() -> None:
    given = reply(Reasoning(MAIL), Text(MAIL))
    out = run(stream(opened({**REDACT, "parts": ["text"]}), unfold(given))).reply
    assert out == reply(Reasoning(MAIL), Text("write to [EMAIL] now"))


def test_what_comes_while_somebody_is_asked_comes_afterwards_in_its_order() -> None:
    service = Service(lambda question: {"action": "replace", "text": question["text"].upper()})
    entry = {"policy": "webhook", "url": "http://x", "replace": True, "window": 20}

    async def work() -> None:
        environment = Environment(post=service.post)
        running = await begun(opened(entry, environment=environment))
        assert running.feed(ev.TextDelta(0, "x" * 50), 0.0) == []
        assert running.waiting
        rest: list[ev.Event] = [ev.TextDelta(0, "tail"), ev.BlockEnded(0), ev.Finished("end")]
        assert [out for event in rest for out in running.feed(event, 0.0)] == []
        assert running.due() is None
        assert running.release(99.0) == []
        out = await running.step()
        assert "".join(e.text for e in out if isinstance(e, ev.TextDelta)) == "X" * 50 + "TAIL"
        assert out[-2:] == rest[1:]
        assert len(service.calls) == 3

    run(work())


def test_a_window_that_fills_slowly_is_asked_about_when_it_is_due() -> None:
    service = Service(lambda question: {"action": "allow"})
    entry = {"policy": "webhook", "url": "http://x", "max_hold": "100ms"}

    async def work() -> None:
        running = await begun(opened(entry, environment=Environment(post=service.post)))
        running.feed(ev.TextDelta(0, "slow"), 5.0)
        due = running.due()
        assert due == pytest.approx(5.1)
        assert running.release(5.2) == []
        assert running.waiting
        assert await running.step() == [ev.TextDelta(0, "slow")]
        assert not running.waiting

    run(work())
