import msgspec
import pytest

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Text
from headgate.model.reply import unfold
from headgate.policies.running import Running
from tests.policies.drive import cut, opened, reply, request, run, stream, whole

LAST = "tests.policies.strangers:Last"
GIVEN = reply(Text("some text"))


def last(**keys: bool) -> Running:
    return opened({"policy": LAST, **keys})


def test_a_watcher_lets_everything_but_the_end_pass_and_changes_nothing() -> None:
    async def work() -> None:
        running = last()
        await running.request(request())
        events = list(unfold(GIVEN))
        assert [out for event in events for out in running.feed(event, 0.0)] == events[:-1]
        assert running.flush(2.0) == events[-1:]
        assert running.reports[0].findings["1 choices"] == 1
        assert running.reports[0].holds.longest_s == 2.0

    run(work())


def test_a_watcher_that_refuses_leaves_the_stream_without_an_end() -> None:
    streamed = run(stream(last(refuse=True), cut(unfold(GIVEN), 1)))
    assert streamed.fault is not None
    assert streamed.text == "some text"
    assert not any(isinstance(event, ev.Finished) for event in streamed.events)
    assert run(whole(last(refuse=True), GIVEN)) == streamed.fault


def test_a_reply_that_is_held_may_be_changed_and_nothing_goes_out_before() -> None:
    async def work() -> None:
        running = last(holds=True)
        await running.request(request())
        assert not [out for event in unfold(GIVEN) for out in running.feed(event, 0.0)]
        started = running.flush(0.0)[0]
        assert isinstance(started, ev.Started)
        assert started.model == "other"

    run(work())


def test_of_a_held_reply_that_never_became_whole_nothing_goes_out() -> None:
    assert run(stream(last(holds=True), list(unfold(GIVEN))[:-1])).events == []
    failed = ev.Failed(Fault(kind="upstream_error", message="x"))
    assert run(stream(last(holds=True), [*[*unfold(GIVEN)][:-1], failed])).events == [failed]
    assert run(stream(last(), [*[*unfold(GIVEN)][:-1], failed])).events[-1] == failed


@pytest.mark.parametrize("holds", [True, False])
def test_a_json_reply_is_whole_whatever_its_finish_says(holds: bool) -> None:
    endless = msgspec.structs.replace(
        GIVEN, choices=(msgspec.structs.replace(GIVEN.choices[0], finish=None),)
    )
    result = run(whole(last(holds=holds), endless))
    assert result == msgspec.structs.replace(endless, model="other" if holds else "m")
