from headgate.dialects.responses import RESPONSES
from headgate.wire import sse


def test_the_record_faces_both_ways() -> None:
    assert RESPONSES.name == "responses"
    assert RESPONSES.caller is not None
    assert RESPONSES.backend.path("any", False) == "/v1/responses"


def test_a_keep_alive_is_a_comment_and_no_event() -> None:
    assert RESPONSES.caller is not None
    assert RESPONSES.caller.keep_alive == b": keep-alive\n\n"
    assert sse.parse(RESPONSES.caller.keep_alive) == []
