"""Every raw request of the corpus against a real socket, and cut into single bytes."""

import asyncio

import pytest
from uvicorn.server import ServerState

from headgate.server.limits import Limits
from tests.server.corpus import CORPUS, SENTINEL, SENTINEL_SEEN, Case
from tests.server.wire import Recorder, Transport, listening, make_protocol, read_answers, say


def check(case: Case, recorder: Recorder, said: bytes) -> None:
    alive = case.refused is None and not case.last
    assert recorder.seen == [*case.seen, *([SENTINEL_SEEN] if alive else [])]
    without_interim = said.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    if case.name == "HEAD":
        without_interim += b"ok"
    statuses = [answer.status for answer in read_answers(without_interim)]
    assert statuses == [200] * len(recorder.seen) + ([case.refused] if case.refused else [])


def test_no_two_cases_share_a_name() -> None:
    assert len({case.name for case in CORPUS}) == len(CORPUS) >= 120


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
async def test_each_request_is_dispatched_once_or_refused_and_the_connection_closed(
    case: Case,
) -> None:
    recorder = Recorder()
    async with listening(recorder) as listener:
        check(case, recorder, await say(listener.port, case.raw + SENTINEL))


@pytest.mark.parametrize(
    "case", [case for case in CORPUS if len(case.raw) < 10_000], ids=lambda case: case.name
)
async def test_where_the_bytes_are_cut_does_not_matter(case: Case) -> None:
    recorder = Recorder()
    state = ServerState()
    transport = Transport()
    protocol = make_protocol(recorder, Limits(), state)
    protocol.connection_made(transport)
    raw = case.raw + SENTINEL
    for position in range(len(raw)):
        if not transport.closed:
            protocol.data_received(raw[position : position + 1])
    while state.tasks:
        await asyncio.sleep(0)
    assert transport.closed
    protocol.connection_lost(None)
    check(case, recorder, transport.written)
