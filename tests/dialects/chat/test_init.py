from headgate.dialects.chat import CHAT
from headgate.dialects.facts import Facts
from headgate.wire import sse


def test_the_record_is_whole() -> None:
    assert CHAT.name == "chat"
    assert CHAT.caller is not None
    assert CHAT.backend.path("any", True) == "/v1/chat/completions"
    assert CHAT.caller.close_stream(Facts()) == b"data: [DONE]\n\n"


def test_a_sign_of_life_is_no_event() -> None:
    assert CHAT.caller is not None
    assert CHAT.caller.keep_alive.endswith(b"\n\n")
    assert sse.parse(CHAT.caller.keep_alive) == []
