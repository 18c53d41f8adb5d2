from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Text
from headgate.model.reply import unfold
from headgate.policies.line import Line
from headgate.policies.stage import Stage
from tests.policies.drive import opened, reply, run, stream, texts

REDACT = {"policy": "redact", "patterns": ["email"]}
MARK = {"policy": "redact", "regexes": {"mark": "EMAIL"}, "patterns": []}


def test_the_order_of_the_chain_is_the_order_of_the_work() -> None:
    given = reply(Text("to a@b.org "))
    assert texts(run(stream(opened(REDACT, MARK), unfold(given))).reply) == ["to [[MARK]] "]
    assert texts(run(stream(opened(MARK, REDACT), unfold(given))).reply) == ["to [EMAIL] "]


def test_what_came_before_a_block_goes_through_the_later_policies_to_the_end() -> None:
    block = {"policy": "block", "words": ["forbidden"]}
    given = reply(Text("to a@b.org forbidden and more a@b.org"))
    streamed = run(stream(opened(block, REDACT), unfold(given)))
    assert streamed.fault is not None
    assert streamed.text == "to [EMAIL] "
    after = run(stream(opened(REDACT, block), unfold(given)))
    assert after.text == "to [EMAIL] "


def test_after_a_block_nothing_comes() -> None:
    class Blocks(Stage):
        fault = Fault(kind="policy_violation", message="no")

    line = Line([Stage(), Blocks(), Stage()])
    assert line.feed(ev.Started(), 0.0) == [ev.Started()]
    assert line.blocked is Blocks.fault
    assert line.feed(ev.Started(), 0.0) == []
    assert line.due() is None
    assert line.release(0.0) == []
    assert line.flush(0.0) == []
    assert not line.waiting


def test_stages_that_say_nothing_let_everything_pass() -> None:
    line = Line([Stage(), Stage()])
    assert line.feed(ev.Started(), 0.0) == [ev.Started()]
    assert (line.due(), line.release(0.0), line.flush(0.0)) == (None, [], [])
