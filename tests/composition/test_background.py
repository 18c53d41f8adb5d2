import asyncio

import pytest

from headgate.composition.background import running


async def test_work_goes_on_until_the_block_ends() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(work()):
        await begun.wait()
        assert not ended.is_set()
    assert ended.is_set()


async def test_what_fails_is_reported_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed, go_on = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        failed.set()
        raise ValueError("a bug")

    async def wait() -> None:
        await failed.wait()
        await asyncio.sleep(0)
        go_on.set()

    async with running(fail(), wait()):
        await go_on.wait()
    assert "a bug" in caplog.text
