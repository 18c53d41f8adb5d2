import pytest

from headgate.dialects.chat import choice as choice_module
from headgate.dialects.chat.choice import ChoiceReader
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.state import OpaqueState, seal
from tests.dialects.chat.sample import SOURCE


def reader() -> ChoiceReader:
    return ChoiceReader(SOURCE, 0, "seed", iter(range(100)).__next__)


def feed(choice: ChoiceReader, **delta: object) -> list[ev.Event]:
    out: list[ev.Event] = []
    choice.read({"delta": delta}, out)
    return out


def test_empty_deltas_open_nothing() -> None:
    choice = reader()
    assert feed(choice, role="assistant", content="", refusal=None, tool_calls=None) == []
    assert feed(choice, content=None, reasoning_content="", reasoning_details=[]) == []


def test_t02_the_first_delta_after_a_switch_is_in_the_new_block() -> None:
    choice = reader()
    feed(choice, reasoning_content="a")
    assert feed(choice, content="b") == [
        ev.BlockEnded(0),
        ev.BlockStarted(1, ev.TextBlock()),
        ev.TextDelta(1, "b"),
    ]


def test_a_message_in_place_of_a_delta_is_read() -> None:
    out: list[ev.Event] = []
    reader().read({"message": {"content": "a"}, "finish_reason": "stop"}, out)
    assert ev.TextDelta(0, "a") in out


def test_a_signature_in_pieces_is_one_state() -> None:
    choice = reader()
    for piece in ("s1", "s2"):
        feed(choice, reasoning_details=[{"index": 0, "text": "t", "signature": piece}])
    out: list[ev.Event] = []
    choice.close(out)
    (attached,) = [event for event in out if isinstance(event, ev.StateAttached)]
    assert attached.state.value == "s1s2"


def test_several_states_have_a_block_each() -> None:
    choice = reader()
    entries = [{"type": "reasoning.encrypted", "data": d, "index": i} for i, d in enumerate("ab")]
    out = feed(choice, reasoning_content="hm", reasoning_details=entries)
    choice.close(out)
    states = [event for event in out if isinstance(event, ev.StateAttached)]
    assert [(event.key, event.state.value) for event in states] == [(0, "a"), (1, "b")]


def test_sound_beyond_measure_breaks_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice_module, "MAX_HELD", 10)
    choice = reader()
    feed(choice, audio={"data": "x" * 6})
    with pytest.raises(StreamBroken):
        feed(choice, audio={"data": "x" * 6})


def test_sealed_state_of_a_gateway_upstream_is_opened_and_damaged_one_dropped() -> None:
    state = OpaqueState("anthropic", "sig")
    for opaque, expected in ((seal(state), [state]), ("hg1.x.AAAA", [])):
        choice = reader()
        out = feed(choice, reasoning_details=[{"index": 0, "signature": opaque}])
        choice.close(out)
        assert [e.state for e in out if isinstance(e, ev.StateAttached)] == expected
