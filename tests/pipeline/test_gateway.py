import pytest

from headgate.pipeline.watch import NEVER, Interrupted, Watch
from tests.pipeline.fakes import Scene


async def test_each_backend_has_one_retry_budget() -> None:
    gateway = Scene().gateway
    assert gateway.budget("one") is gateway.budget("one")
    assert gateway.budget("one") is not gateway.budget("two")


async def test_the_end_of_a_drain_interrupts_what_is_running() -> None:
    gateway, watch = Scene().gateway, Watch()
    gateway.running.add(watch)
    gateway.cut()
    with pytest.raises(Interrupted) as interrupted:
        await watch.pause(NEVER)
    assert interrupted.value.reason == "drained"
