"""What the connections of one worker share."""

from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.wire import Recorder, Transport, make_protocol


async def test_a_connection_is_in_it_for_as_long_as_it_lasts() -> None:
    state = State()
    protocol = make_protocol(Recorder(), Limits(), state)
    assert state.connections == set()
    protocol.connection_made(Transport())
    assert state.connections == {protocol}
    protocol.connection_lost(None)
    assert state.connections == set()


async def test_what_the_lifespan_left_is_each_requests_own_copy() -> None:
    recorder, state = Recorder(), State({"pool": "p"})
    protocol = make_protocol(recorder, Limits(), state)
    protocol.connection_made(Transport())
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    for task in list(state.tasks):
        await task
    recorder.scopes[0]["state"]["pool"] = "q"
    assert state.app_state == {"pool": "p"}
    protocol.connection_lost(None)
