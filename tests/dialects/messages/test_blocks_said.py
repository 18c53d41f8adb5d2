from headgate.dialects.messages.blocks_said import Call, Prose, Thought, block_for
from headgate.model import events as ev
from headgate.model.state import OpaqueState, seal
from tests.dialects.messages import given
from tests.streams import named_frames


def test_each_block_has_its_form() -> None:
    assert isinstance(block_for(ev.TextBlock()), Prose)
    assert isinstance(block_for(ev.RefusalBlock()), Prose)
    assert isinstance(block_for(ev.ReasoningBlock()), Thought)
    assert isinstance(block_for(ev.ToolCallBlock("t", "look")), Call)


def test_a_call_starts_without_input_and_keeps_its_extras() -> None:
    block = ev.ToolCallBlock("toolu_1", "look", extras=given.owned(caller={"type": "direct"}))
    start = Call(block).start()
    assert start["input"] == {}
    assert start["caller"] == {"type": "direct"}
    assert start["id"] == "toolu_1"


def test_a_call_may_yield_when_its_arguments_are_whole() -> None:
    call = Call(ev.ToolCallBlock("t", "look"))
    assert not call.may_yield()
    call.say(0, '{"a":')
    assert not call.may_yield()
    call.say(0, '"}"}')
    assert call.may_yield()


def test_a_custom_call_speaks_at_its_end() -> None:
    call = Call(ev.ToolCallBlock("t", "patch", custom=True))
    assert call.say(0, "*** ") == call.say(0, 'Begin"') == b""
    assert not call.may_yield()
    (frame,) = named_frames(call.close(0))
    assert frame["delta"]["partial_json"] == '{"input":"*** Begin\\""}'


def test_a_thought_is_signed_once_and_last() -> None:
    thought = Thought(ev.ReasoningBlock())
    thought.say(0, "hm")
    thought.state = OpaqueState("anthropic", "one")
    thought.state = OpaqueState("anthropic", "two")
    (frame,) = named_frames(thought.close(0))
    assert frame["delta"] == {"type": "signature_delta", "signature": "two"}


def test_a_thought_of_nobody_gets_an_empty_seal() -> None:
    thought = Thought(ev.ReasoningBlock())
    thought.say(0, "hm")
    (frame,) = named_frames(thought.close(0))
    assert frame["delta"]["signature"] == seal(OpaqueState("unsigned", ""))


def test_redacted_state_is_a_block_of_its_own_kind() -> None:
    thought = Thought(ev.ReasoningBlock())
    thought.state = OpaqueState("anthropic", "x", "redacted")
    assert thought.start() == {"type": "redacted_thinking", "data": "x"}
    assert thought.close(0) == b""


def test_early_citations_follow_the_first_words() -> None:
    prose = Prose(ev.TextBlock())
    prose.early.append({"type": "page_location"})
    said = named_frames(prose.say(0, "a") + prose.say(0, "b"))
    assert [frame["delta"]["type"] for frame in said] == [
        "text_delta",
        "citations_delta",
        "text_delta",
    ]
