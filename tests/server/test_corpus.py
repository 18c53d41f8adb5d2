"""Every raw request of the corpus against a real socket, and cut into single bytes."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.corpus import CORPUS, SENTINEL, SENTINEL_SEEN, Case
from tests.server.wire import Recorder, Transport, listening, make_protocol, read_answers, say

SHORT = [case for case in CORPUS if len(case.raw) < 10_000]


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
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    async with listening(recorder) as listener:
        check(case, recorder, await say(listener.port, case.raw + SENTINEL))
        while listener.state.tasks:
            await asyncio.sleep(0)
    assert caplog.records == []


async def drive(recorder: Recorder, pieces: list[bytes]) -> tuple[bytes, bool]:
    """What a connection that is fed `pieces` says, and whether it closed."""
    state, transport = State(), Transport()
    protocol = make_protocol(recorder, Limits(), state)
    protocol.connection_made(transport)
    for piece in pieces:
        if not transport.closed:
            protocol.data_received(piece)
    for _ in range(200):
        await asyncio.sleep(0)
    closed = transport.closed
    protocol.connection_lost(None)
    while state.tasks:
        await asyncio.sleep(0)
    return transport.written, closed


def each_byte(raw: bytes) -> list[bytes]:
    return [raw[position : position + 1] for position in range(len(raw))]


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
async def test_where_the_bytes_are_cut_does_not_matter(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    said, closed = await drive(recorder, each_byte(case.raw + SENTINEL))
    assert closed
    check(case, recorder, said)
    assert caplog.records == []


@given(
    st.lists(st.sampled_from(SHORT), min_size=1, max_size=2),
    st.integers(0, 400),
    st.integers(0, 3),
    st.sampled_from([b"", b"\r", b"\n", b" ", b"\0", b":", b",", b"0", b"\r\n", b"\xff"]),
)
@settings(max_examples=150, deadline=None)
def test_a_damaged_request_has_one_reading_too(
    cases: list[Case], position: int, gone: int, put: bytes
) -> None:
    raw = b"".join(case.raw for case in cases) + SENTINEL
    raw = raw[:position] + put + raw[position + gone :]
    whole, cut = Recorder(), Recorder()
    _, closed = asyncio.run(drive(whole, [raw]))
    _, closed_too = asyncio.run(drive(cut, each_byte(raw)))
    assert whole.seen == cut.seen
    assert closed == closed_too
