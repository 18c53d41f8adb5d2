"""Tells a caller the events of a response while it is made."""

import asyncio
from collections.abc import Sequence

from headgate.pipeline.live import Live
from headgate.ports import Downstream

KEEP_ALIVE = b": keep-alive\n\n"
MOST_AT_ONCE_BYTES = 64 * 1024


async def follow(live: Live, downstream: Downstream, after: int, heartbeat_s: float) -> None:
    """Writes the events behind that of the number `after` until the last, and ends the answer,
    whose head is out. Raises CallerLeft."""
    place = after + 1
    with live.heard() as happened:
        downstream.on_leave(happened.set)
        while True:
            happened.clear()
            new = _next(live.frames, place)
            if new:
                place += len(new)
                await downstream.write(b"".join(new))
            elif live.over:
                break
            elif not await _happens(happened, heartbeat_s):
                await downstream.write(KEEP_ALIVE)
    if not live.whole:
        await downstream.write(live.last)
    await downstream.finish()


def _next(frames: Sequence[bytes], place: int) -> list[bytes]:
    """The frames from that place on, as many as are sent at once: of a caller who is slow not
    everything waits in memory a second time."""
    new: list[bytes] = []
    size = 0
    while place < len(frames) and size < MOST_AT_ONCE_BYTES:
        new.append(frames[place])
        size += len(frames[place])
        place += 1
    return new


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s or None):
            await event.wait()
    except TimeoutError:
        return False
    return True
