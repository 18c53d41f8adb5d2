import asyncio
from collections.abc import Awaitable, Callable

import pytest

from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.ports import CallerLeft


async def _value() -> str:
    return "value"


async def _never() -> None:
    await asyncio.Event().wait()


async def test_what_is_waited_for_comes_back() -> None:
    assert await Watch().until(_value(), NEVER) == "value"


async def test_a_wait_ends_when_it_is_due() -> None:
    watch = Watch()
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_never(), watch.now() + 0.01)
    assert interrupted.value.reason == "due"


async def test_after_an_interruption_the_task_goes_on() -> None:
    watch = Watch()
    with pytest.raises(Interrupted):
        await watch.until(_never(), watch.now())
    assert await watch.until(_value(), NEVER) == "value"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_leaving_ends_the_wait_that_is_on() -> None:
    watch = Watch()
    asyncio.get_running_loop().call_soon(watch.interrupt, "left")
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_never(), NEVER)
    assert interrupted.value.reason == "left"


async def test_leaving_between_two_waits_ends_the_next_one() -> None:
    watch = Watch()
    watch.interrupt("left")
    with pytest.raises(Interrupted):
        await watch.until(_value(), NEVER)
    assert await watch.until(_value(), NEVER) == "value"


async def test_of_two_reasons_the_first_counts_once() -> None:
    watch = Watch()
    watch.interrupt("drained")
    watch.interrupt("left")
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_value(), NEVER)
    assert interrupted.value.reason == "drained"
    await watch.until(_value(), NEVER)


async def test_a_time_that_is_up_gives_way_to_a_better_reason() -> None:
    watch = Watch()
    watch.interrupt("due")
    watch.interrupt("left")
    watch.interrupt("drained")
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_value(), NEVER)
    assert interrupted.value.reason == "left"
    await watch.until(_value(), NEVER)


async def test_a_better_reason_wakes_the_task_once() -> None:
    watch = Watch()

    def both() -> None:
        watch.interrupt("due")
        watch.interrupt("left")

    asyncio.get_running_loop().call_soon(both)
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_never(), NEVER)
    assert interrupted.value.reason == "left"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_where_the_time_is_up_it_is_asked_whether_it_still_is() -> None:
    watch = Watch()
    asked: list[float] = []

    def anew() -> float:
        asked.append(watch.now())
        return asked[0] + 0.02

    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_never(), watch.now() + 0.005, anew)
    assert interrupted.value.reason == "due"
    assert (len(asked), watch.now() >= asked[0] + 0.02) == (2, True)


async def test_before_a_heartbeat_it_is_told_that_nothing_else_may_be_said() -> None:
    watch = Watch()
    notes: list[str] = []

    async def say() -> None:
        notes.append("beat")
        watch.interrupt("drained")

    watch.on_beat = lambda: notes.append(f"hush {watch.beating is not None}")
    watch.beat(0.005, say)
    with pytest.raises(Interrupted):
        await watch.until(_never(), NEVER)
    assert notes == ["hush True", "beat"]
    assert watch.beating is None
    watch.close()


async def test_a_cancellation_from_outside_stays_one() -> None:
    started = asyncio.Event()

    async def wait() -> None:
        started.set()
        await Watch().until(_never(), NEVER)

    task = asyncio.ensure_future(wait())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_later_due_time_is_kept_although_an_earlier_timer_rings() -> None:
    watch = Watch()
    await watch.until(_value(), watch.now() + 0.005)
    before = watch.now()
    with pytest.raises(Interrupted):
        await watch.until(_never(), before + 0.03)
    assert watch.now() >= before + 0.03


def _beat(watch: Watch, beats: list[float], enough: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def say() -> None:
        beats.append(watch.now())
        if len(beats) == 2:
            enough.set()

    return say


async def test_silence_is_broken_again_and_again_while_it_lasts() -> None:
    watch = Watch()
    beats: list[float] = []
    enough = asyncio.Event()
    watch.beat(0.01, _beat(watch, beats, enough))
    await watch.until(enough.wait(), watch.now() + 5)
    assert beats[1] - beats[0] >= 0.009
    watch.close()


async def test_a_heartbeat_does_not_interrupt_the_wait() -> None:
    watch = Watch()
    beats: list[int] = []

    async def say() -> None:
        beats.append(len(beats))
        if len(beats) == 3:
            watch.interrupt("drained")

    watch.beat(0.01, say)
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_never(), NEVER)
    assert interrupted.value.reason == "drained"
    assert beats == [0, 1, 2]
    watch.close()


async def test_a_heartbeat_to_nobody_says_that_the_caller_left() -> None:
    watch = Watch()

    async def say() -> None:
        raise CallerLeft

    watch.beat(0.01, say)
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_never(), NEVER)
    assert interrupted.value.reason == "left"
    watch.close()


async def test_hush_waits_for_a_beat_that_is_being_said() -> None:
    watch = Watch()
    said: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def say() -> None:
        begun.set()
        await go_on.wait()
        said.append("beat")

    watch.beat(0.01, say)
    await watch.until(begun.wait(), watch.now() + 5)
    go_on.set()
    await watch.hush()
    assert said == ["beat"]
    watch.close()


async def test_what_is_waited_for_may_itself_say_that_the_caller_left() -> None:
    watch = Watch()

    async def leave() -> str:
        watch.interrupt("left")
        return "value"

    assert await watch.until(leave(), NEVER) == "value"
    with pytest.raises(Interrupted):
        await watch.until(_value(), NEVER)
    await asyncio.sleep(0)
    await watch.until(asyncio.sleep(0), NEVER)


async def test_what_says_that_the_caller_left_and_waits_on_is_interrupted() -> None:
    watch = Watch()

    async def leave() -> None:
        watch.interrupt("left")
        await _never()

    with pytest.raises(Interrupted) as interrupted:
        await watch.until(leave(), NEVER)
    assert interrupted.value.reason == "left"


async def test_a_cancellation_from_outside_outlives_an_interruption() -> None:
    watches: list[Watch] = []

    async def wait() -> None:
        watches.append(Watch())
        await watches[0].until(_never(), NEVER)

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    watches[0].interrupt("left")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_after_silence_is_asked_for_no_beat_is_said() -> None:
    watch = Watch()
    beats: list[float] = []
    watch.beat(0.01, _beat(watch, beats, asyncio.Event()))
    await watch.silence()
    watch.spoke()
    with pytest.raises(Interrupted):
        await watch.until(_never(), watch.now() + 0.03)
    assert beats == []
    watch.close()


async def test_where_leaving_is_outlasted_it_ends_the_first_wait_behind_it() -> None:
    watch = Watch()
    with watch.outlasting(60.0):
        watch.interrupt("left")
        assert watch.outlasts
        assert await watch.until(_value(), NEVER) == "value"
    with pytest.raises(Interrupted) as interrupted:
        await watch.until(_value(), NEVER)
    assert interrupted.value.reason == "left"
    assert await watch.until(_value(), NEVER) == "value"


async def test_leaving_is_not_outlasted_for_ever() -> None:
    watch = Watch()
    with watch.outlasting(0.01):
        watch.interrupt("left")
        with pytest.raises(Interrupted) as interrupted:
            await watch.until(_never(), NEVER)
    assert interrupted.value.reason == "left"
    assert await watch.until(_value(), NEVER) == "value"


async def test_other_reasons_are_not_outlasted() -> None:
    watch = Watch()
    with watch.outlasting(60.0):
        watch.interrupt("left")
        watch.interrupt("drained")
        with pytest.raises(Interrupted) as interrupted:
            await watch.until(_value(), NEVER)
    assert interrupted.value.reason == "drained"


async def test_where_nobody_leaves_nothing_is_outlasted() -> None:
    watch = Watch()
    with watch.outlasting(60.0):
        assert not watch.outlasts
    assert await watch.until(_value(), NEVER) == "value"
