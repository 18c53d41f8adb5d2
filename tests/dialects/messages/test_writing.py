from headgate.dialects.messages.losses import Losses
from headgate.dialects.messages.writing import Writing, is_note
from headgate.model.parts import CacheMark
from headgate.model.tool_names import ToolNames
from tests.dialects.messages import given


def _writing(dialect: str) -> Writing:
    return Writing(dialect == "messages", given.destination(), ToolNames(()), Losses(dialect))


def test_unknown_fields_go_back_to_their_own_dialect_alone() -> None:
    home, abroad = _writing("messages"), _writing("chat")
    assert home.finish({}, None, {"new": 1}, "tools") == {"new": 1}
    assert abroad.finish({}, None, {"new": 1}, "tools") == {}
    assert abroad.losses.found() == ("tools.new",)


def test_bookkeeping_of_another_dialect_is_no_loss() -> None:
    writing = _writing("responses")
    assert writing.finish({}, None, {"responses": {"id": "msg_1"}}, "messages") == {}
    assert writing.losses.found() == ()
    assert is_note("responses", {})
    assert not is_note("responses", "text")


def test_what_our_reader_noted_in_a_reply_comes_back_in_any_history() -> None:
    noted = given.owned(caller={"type": "direct"})
    assert _writing("responses").finish({}, None, noted) == {"caller": {"type": "direct"}}


def test_a_mark_keeps_its_native_form_at_home() -> None:
    native = {"type": "ephemeral", "ttl": "5m", "scope": "x"}
    assert _writing("messages").mark(CacheMark("5m", native)) == native
    assert _writing("chat").mark(CacheMark("5m", {"mode": "explicit"})) == {"type": "ephemeral"}
    assert _writing("chat").mark(CacheMark("30m")) == {"type": "ephemeral", "ttl": "1h"}


def test_a_refusal_names_the_callers_field() -> None:
    refusal = _writing("responses").refuse("messages", "audio", message="No sound.")
    assert refusal.fault.param == "input.audio"
