"""What is asked of uvicorn's flow control: whether a connection is read, its peer keeps up."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl

from tests.server.wire import Transport


class Noting(Transport):
    """Notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def pause_reading(self) -> None:  # type: ignore[explicit-override]
        self.asked.append("pause")

    def resume_reading(self) -> None:  # type: ignore[explicit-override]
        self.asked.append("resume")


def test_the_transport_is_asked_only_for_what_changes() -> None:
    transport = Noting()
    flow = FlowControl(transport)
    flow.resume_reading()
    flow.pause_reading()
    flow.pause_reading()
    flow.resume_reading()
    assert transport.asked == ["pause", "resume"]


async def test_whoever_waits_for_room_goes_on_when_there_is_some() -> None:
    flow = FlowControl(Transport())
    await flow.drain()
    flow.pause_writing()
    waiting = [asyncio.ensure_future(flow.drain()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    flow.resume_writing()
    await asyncio.gather(*waiting)
    assert not flow.write_paused
