import pytest

from headgate.model import events as ev
from headgate.model.fault import Refused
from headgate.model.parts import Text
from headgate.model.reply import unfold
from tests.policies.drive import Entry, cut, opened, reply, request, run, stream

ENTRY: Entry = {"policy": "language", "allow": ["en"], "sample": 60}
ENGLISH = "This is what you are to do with the text that you have and it is not for them."
GERMAN = "Das ist nicht der Text, den ich für die Leute und mit dir auf dem Weg zu lesen habe."


def test_requests_in_another_language_are_refused() -> None:
    given = request(ENGLISH)
    assert run(opened(ENTRY).request(given)) is given
    with pytest.raises(Refused, match="not in a language"):
        run(opened(ENTRY).request(request(GERMAN)))
    unread = request(GERMAN)
    assert run(opened({**ENTRY, "apply_to": ["response"]}).request(unread)) is unread


@pytest.mark.parametrize("seed", range(4))
def test_the_beginning_of_an_answer_tells_its_language(seed: int) -> None:
    assert run(stream(opened(ENTRY), cut(unfold(reply(Text(ENGLISH))), seed))).text == ENGLISH
    refused = run(stream(opened(ENTRY), cut(unfold(reply(Text(GERMAN))), seed)))
    assert refused.fault is not None
    assert refused.text == ""
    unread = opened({**ENTRY, "apply_to": ["request"]})
    assert run(stream(unread, unfold(reply(Text(GERMAN))))).text == GERMAN


def test_after_the_sample_nothing_is_held() -> None:
    async def work() -> None:
        running = opened(ENTRY)
        await running.request(request())
        for event in (ev.Started(), ev.BlockStarted(0, ev.TextBlock())):
            running.feed(event, 0.0)
        assert running.feed(ev.TextDelta(0, ENGLISH[:30]), 0.0) == []
        assert running.feed(ev.TextDelta(0, ENGLISH[30:]), 0.0) == [ev.TextDelta(0, ENGLISH)]
        more = ev.TextDelta(0, GERMAN)
        assert running.feed(more, 0.0) == [more]
        assert running.due() is None

    run(work())


def test_a_sample_that_is_late_is_judged_as_it_is() -> None:
    async def work() -> None:
        running = opened(ENTRY)
        await running.request(request())
        for event in (ev.Started(), ev.BlockStarted(0, ev.TextBlock())):
            running.feed(event, 0.0)
        running.feed(ev.TextDelta(0, GERMAN[:45]), 0.0)
        assert running.due() == 2.0
        assert running.release(2.0) == []
        assert running.blocked is not None

    run(work())
