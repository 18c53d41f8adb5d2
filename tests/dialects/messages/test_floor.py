from functools import partial

from headgate.dialects.messages import frames
from headgate.dialects.messages.blocks_said import Said, block_for
from headgate.dialects.messages.floor import Floor, Turn
from headgate.model import events as ev
from tests.dialects.messages import given


def _turn(block: ev.Block) -> tuple[Turn, Said]:
    said = block_for(block)
    return Turn(said), said


def _prose() -> tuple[Turn, Said]:
    return _turn(ev.TextBlock())


def _call(id_: str) -> tuple[Turn, Said]:
    return _turn(ev.ToolCallBlock(id_, "look"))


def test_prose_yields_and_goes_on_in_a_further_block() -> None:
    floor = Floor()
    (a, one), (b, two) = _prose(), _prose()
    out = floor.say(a, partial(one.say, text="1"))
    out += floor.say(b, partial(two.say, text="2"))
    out += floor.say(a, partial(one.say, text="3"))
    out += floor.end(a) + floor.end(b)
    assert given.blocks(out) == [
        "start 0 text", "text_delta 0", "stop 0",
        "start 1 text", "text_delta 1", "stop 1",
        "start 2 text", "text_delta 2", "stop 2",
    ]  # fmt: skip


def test_a_call_is_not_torn_apart() -> None:
    floor = Floor()
    (a, one), (b, two) = _call("a"), _prose()
    out = floor.say(a, partial(one.say, text='{"x":'))
    assert floor.say(b, partial(two.say, text="later")) == b""
    out += floor.say(a, partial(one.say, text="1}"))
    assert given.blocks(out) == [
        "start 0 tool_use", "input_json_delta 0", "input_json_delta 0", "stop 0",
        "start 1 text", "text_delta 1",
    ]  # fmt: skip


def test_a_call_that_is_whole_hears_no_more() -> None:
    floor = Floor()
    (a, one), (b, two) = _call("a"), _prose()
    floor.say(a, partial(one.say, text="{}"))
    floor.say(b, partial(two.say, text="x"))
    assert floor.say(a, partial(one.say, text="  ")) == b""


def test_whole_blocks_wait_for_their_turn() -> None:
    floor = Floor()
    a, one = _call("a")
    whole = partial(frames.whole, block={"type": "redacted_thinking", "data": "x"})
    out = floor.say(a, partial(one.say, text="{"))
    assert floor.say_whole(whole) == b""
    out += floor.end(a)
    assert given.blocks(out)[-2:] == ["start 1 redacted_thinking", "stop 1"]
    assert given.blocks(floor.say_whole(whole)) == ["start 2 redacted_thinking", "stop 2"]


def test_at_the_end_everybody_finishes_in_order() -> None:
    floor = Floor()
    (a, one), (b, two), (c, three) = _call("a"), _call("b"), _prose()
    out = floor.say(a, partial(one.say, text='{"cut'))
    out += floor.say(b, partial(two.say, text='{"cut'))
    out += floor.say(c, partial(three.say, text="x"))
    out += floor.close()
    assert [s for s in given.blocks(out) if "delta" not in s] == [
        "start 0 tool_use", "stop 0", "start 1 tool_use", "stop 1", "start 2 text", "stop 2",
    ]  # fmt: skip
    assert floor.close() == b""
