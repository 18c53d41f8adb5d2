import asyncio
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.agents.sessions import Sessions
from headgate.model.fault import Refused


class Floor:
    """Work that notes when it begins, and ends when it is let."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.running: dict[str, int] = {}
        self.gates: dict[int, asyncio.Event] = defaultdict(asyncio.Event)

    async def work(self, key: str, number: int) -> int:
        assert key not in self.running, "two runs of one session at a time"
        self.running[key] = number
        self.begun.append((key, number))
        try:
            await self.gates[number].wait()
        finally:
            del self.running[key]
        return number


async def settle() -> None:
    """Lets everything that can go on do so."""
    for _ in range(12):
        await asyncio.sleep(0)


_STEPS = st.one_of(
    st.tuples(st.just("start"), st.sampled_from("abc")),
    st.tuples(st.sampled_from(["finish", "cancel"]), st.integers(0, 11)),
)


@settings(max_examples=80)
@given(st.lists(_STEPS, max_size=30))
def test_runs_are_serial_within_parallel_across_fair_and_soon_forgotten(
    steps: list[tuple[str, str | int]],
) -> None:
    asyncio.run(_walk(steps))


async def _walk(steps: list[tuple[str, str | int]]) -> None:
    floor, sessions = Floor(), Sessions(most=1000)
    lines: dict[str, list[int]] = defaultdict(list)
    tasks: list[asyncio.Task[int]] = []
    keys: list[str] = []
    for step, which in steps:
        if isinstance(which, str):
            number = len(tasks)
            keys.append(which)
            tasks.append(sessions.start(which, lambda k=which, n=number: floor.work(k, n)))  # type: ignore[misc]
            lines[which].append(number)
        elif which < len(tasks) and which in lines[keys[which]]:
            line = lines[keys[which]]
            if step == "cancel":
                tasks[which].cancel()
                line.remove(which)
            elif line[0] == which:
                floor.gates[which].set()
                line.remove(which)
        await settle()
        heads = {key: line[0] for key, line in lines.items() if line}
        assert floor.running == heads, "the first of each line runs, and nobody else"
        assert len(sessions) == len(heads), "a session without a line is forgotten"
    for task in tasks:
        task.cancel()
    await settle()
    assert not floor.running
    assert not len(sessions)


async def test_the_result_is_the_works_own() -> None:
    sessions = Sessions(most=1)

    async def work() -> str:
        return "done"

    assert await sessions.start("a", work) == "done"


async def test_work_that_fails_lets_the_next_one_in() -> None:
    sessions = Sessions(most=10)

    async def fail() -> None:
        raise LookupError("no")

    async def work() -> str:
        return "done"

    failing, waiting = sessions.start("a", fail), sessions.start("a", work)
    with pytest.raises(LookupError):
        await failing
    assert await waiting == "done"
    await settle()
    assert not len(sessions)


async def test_cancelled_work_keeps_its_place_until_it_has_ended() -> None:
    sessions, released, order = Sessions(most=10), asyncio.Event(), list[str]()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await released.wait()
            order.append("the first has ended")

    async def work() -> None:
        order.append("the second begins")

    first, second = sessions.start("a", stubborn), sessions.start("a", work)
    await settle()
    first.cancel()
    await settle()
    assert not order
    released.set()
    await second
    assert order == ["the first has ended", "the second begins"]


async def test_more_than_may_wait_is_refused_and_there_is_room_again_later() -> None:
    floor, sessions = Floor(), Sessions(most=2)
    tasks = [sessions.start("a", lambda n=n: floor.work("a", n)) for n in (0, 1)]  # type: ignore[misc]
    with pytest.raises(Refused, match="Too many requests") as caught:
        await sessions.start("b", lambda: floor.work("b", 2))
    assert caught.value.fault.http_status == 503
    assert caught.value.fault.retry_after_s
    floor.gates[0].set()
    await tasks[0]
    await settle()
    third = sessions.start("b", lambda: floor.work("b", 3))
    await settle()
    assert floor.running == {"a": 1, "b": 3}
    sessions.cancel()
    await asyncio.wait([*tasks, third])
    assert not floor.running
