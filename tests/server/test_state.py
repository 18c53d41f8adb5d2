"""What the connections of one worker share."""

from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.wire import LEFT, Recorder, Transport, make_protocol


async def test_a_connection_is_in_it_for_as_long_as_it_lasts() -> None:
    state = State()
    protocol = make_protocol(Recorder(), Limits(), state)
    assert state.connections == set()
    protocol.connection_made(Transport())
    assert state.connections == {protocol}
    protocol.connection_lost(None)
    assert state.connections == set()


async def test_what_the_lifespan_left_is_each_requests_own_copy() -> None:
    recorder, state = Recorder(), State()
    protocol = make_protocol(recorder, Limits(), state)
    protocol.connection_made(Transport())
    for _ in range(2):
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for task in list(state.tasks):
            await task
        assert recorder.scopes[-1]["state"] == LEFT
        recorder.scopes[-1]["state"]["pool"] = "q"
    protocol.connection_lost(None)
