"""Responses that are being made, here or by another worker: shown, followed, stopped."""

import asyncio

from headgate.dialects.responses import stored as told
from headgate.model.stored import CANCELLING, RUNNING, StoredResponse
from headgate.pipeline.following import KEEP_ALIVE, MOST_AT_ONCE_BYTES, follow
from headgate.server.visit import Visit
from headgate.wire import json_text

POLL_S = 0.25
"""How often another worker's response is looked at."""
STOP_WITHIN_S = 5.0
"""How long another worker may take to stop one."""


async def as_it_stands(visited: Visit, found: StoredResponse) -> bytes:
    """The response as JSON. Raises StoreUnreachable."""
    live = visited.gateway.runs.lives.get(found.key)
    if live is not None:
        return json_text.encode(live.response)
    return (await visited.settled(found)).response.encode()


async def watch_response(visited: Visit, found: StoredResponse, after: int) -> None:
    """Tells the events behind the number `after`, until the response is over. Raises CallerLeft
    and StoreUnreachable."""
    live = visited.gateway.runs.lives.get(found.key)
    heartbeat_s = visited.gateway.snapshot.settings.heartbeat_s
    if live is not None:
        await visited.start_stream()
        await follow(live, visited.downstream, after, heartbeat_s)
        return
    found = await visited.settled(found)
    events = await visited.memory.events(found)
    await visited.start_stream()
    if found.status in RUNNING:
        await _watch_elsewhere(visited, found, after)
    else:
        response = json_text.decode(found.response)
        await _write(visited, await asyncio.to_thread(told.rest_of, response, events, after))
    await visited.downstream.finish()


async def stop(visited: Visit, found: StoredResponse) -> None:
    """Stops the response, if it is being made, and waits until it has stopped. Raises
    StoreUnreachable."""
    live = visited.gateway.runs.lives.get(found.key)
    if live is not None:
        with live.heard() as happened:
            live.cancel()
            while not live.over:
                happened.clear()
                await happened.wait()
        return
    found = await visited.settled(found)
    if found.status in RUNNING:
        await visited.memory.move(found.key, CANCELLING)
        for _ in range(int(STOP_WITHIN_S / POLL_S)):
            await asyncio.sleep(POLL_S)
            latest = await visited.latest(found)
            if latest is None or latest.status not in RUNNING:
                return


async def _watch_elsewhere(visited: Visit, found: StoredResponse, number: int) -> None:
    """Tells what another worker adds to the events behind the one of that number."""
    silent_s, heartbeat_s = 0.0, visited.gateway.snapshot.settings.heartbeat_s
    latest: StoredResponse | None = found
    size = 0
    while True:
        events = b"" if latest is None else await visited.memory.events(latest)
        new, last = await asyncio.to_thread(_new, found, latest, events[size:], number)
        number, size = max(number, last), len(events)
        silent_s = 0.0 if new else silent_s + POLL_S
        if new:
            await _write(visited, new)
        elif heartbeat_s and silent_s >= heartbeat_s:
            silent_s = 0.0
            await visited.downstream.write(KEEP_ALIVE)
        if latest is None or latest.status not in RUNNING or told.is_told(new):
            return
        await asyncio.sleep(POLL_S)
        latest = await visited.latest(found)


def _new(
    found: StoredResponse, latest: StoredResponse | None, events: bytes, number: int
) -> tuple[bytes, int]:
    """What is to be told behind the event of that number, and the number of the last, of a response
    that was `found`; `events` were not looked at before. Takes a while for many of them: not for
    the event loop."""
    if latest is None:  # deleted, which has stopped it
        gone = {**json_text.decode(found.response), "status": "cancelled"}
        return told.last_event(gone, number + 1), number + 1
    if latest.status in RUNNING:
        return told.after(events, number), told.last_number(events)
    return told.rest_of(json_text.decode(latest.response), events, number), number


async def _write(visited: Visit, data: bytes) -> None:
    """In pieces, so that of a slow caller not everything waits in memory a second time."""
    for at in range(0, len(data), MOST_AT_ONCE_BYTES):
        await visited.downstream.write(data[at : at + MOST_AT_ONCE_BYTES])
