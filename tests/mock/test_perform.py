"""A plan is carried out step by step while the caller stays."""

import asyncio
from typing import Any

import pytest

from headgate.mock.perform import RESET, perform
from headgate.mock.play import Ending, Plan, Step
from tests.mock.driver import Caller, scope_of


def plan_of(*steps: Step, ending: Ending = "clean", delay_headers_ms: int = 0) -> Plan:
    return Plan(
        status=200,
        headers=(("x-a", "b"),),
        delay_headers_ms=delay_headers_ms,
        steps=steps,
        ending=ending,
    )


async def arrived() -> Caller:
    """A caller whose body was read."""
    caller = Caller()
    await caller.receive()
    return caller


async def test_every_step_is_a_piece_and_the_body_ends() -> None:
    caller = await arrived()
    done = await perform(
        plan_of(Step(0, b"a"), Step(1, b"b")), scope_of("POST", "/"), caller.receive, caller.send
    )
    assert done
    assert caller.reply.headers == {"x-a": "b"}
    assert caller.reply.pieces == [b"a", b"b", b""]
    assert caller.reply.whole


@pytest.mark.parametrize(
    "plan",
    [
        plan_of(Step(0, b"a"), ending="stall"),
        plan_of(Step(0, b"a"), Step(60_000, b"b")),
    ],
)
async def test_a_caller_that_leaves_ends_a_silence(plan: Plan) -> None:
    caller = await arrived()
    task = asyncio.ensure_future(perform(plan, scope_of("POST", "/"), caller.receive, caller.send))
    await caller.started.wait()
    caller.leave()
    assert await task is False
    assert caller.reply.pieces[:1] in ([], [b"a"])
    assert not caller.reply.whole


async def test_a_caller_that_leaves_before_the_headers_gets_none() -> None:
    caller = await arrived()
    caller.leave()
    plan = plan_of(Step(0, b"a"), delay_headers_ms=60_000)
    assert not await perform(plan, scope_of("POST", "/"), caller.receive, caller.send)
    assert caller.reply.status == 0


async def test_a_reset_is_the_servers_where_it_offers_one() -> None:
    caller = await arrived()

    async def reset() -> None:
        caller.leave()

    scope: dict[str, Any] = {**scope_of("POST", "/"), "extensions": {RESET: {"reset": reset}}}
    assert await perform(plan_of(Step(0, b"a"), ending="reset"), scope, caller.receive, caller.send)
    assert not caller.reply.whole


async def test_a_reset_is_an_error_where_the_server_offers_none() -> None:
    caller = await arrived()
    with pytest.raises(ConnectionResetError):
        await perform(plan_of(ending="reset"), scope_of("POST", "/"), caller.receive, caller.send)
