"""Between a whole reply and the events of a stream."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import (
    Citation,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Url,
    Vendor,
)
from headgate.model.reply import Choice, Fold, Reply, unfold
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage
from tests.grammar import check

WORDS = st.text(max_size=8)
EXTRAS = st.none() | st.dictionaries(WORDS, st.integers(), max_size=2)
LOGPROBS = st.none() | st.lists(st.just({"token": "x"}), min_size=1, max_size=2).map(tuple)
STATES = st.builds(OpaqueState, WORDS, WORDS)
PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(
        Text,
        WORDS,
        st.lists(st.builds(Citation, url=WORDS), max_size=2).map(tuple),
        LOGPROBS,
        extras=EXTRAS,
    ),
    st.builds(Refusal, WORDS),
    st.builds(Reasoning, WORDS, st.booleans(), st.none() | STATES, EXTRAS),
    st.builds(ToolCall, WORDS, WORDS, WORDS.filter(bool), extras=EXTRAS),
    st.builds(ToolCall, WORDS, WORDS, WORDS, custom=st.just(True), namespace=st.none() | WORDS),
    st.builds(Image, st.builds(Url, WORDS)),
    st.builds(Vendor, WORDS, st.just({"type": "x"})),
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    choices = []
    for index in range(draw(st.integers(0, 3))):
        parts = tuple(draw(st.lists(PARTS, max_size=4)))
        finish = ev.Finished(draw(st.sampled_from(["end", "tools", "length"])), index)
        choices.append(Choice(index, parts, finish))
    usage = draw(st.none() | st.builds(Usage, st.integers(0, 9), st.integers(0, 9)))
    return Reply(draw(WORDS), draw(WORDS), draw(st.none() | st.integers()), tuple(choices), usage)


def folded(events: list[ev.Event]) -> Reply:
    fold = Fold()
    for event in events:
        fold.add(event)
    return fold.reply()


@given(replies())
@settings(max_examples=80)
def test_what_is_unfolded_folds_to_itself(reply: Reply) -> None:
    assert folded(list(unfold(reply))) == reply


@given(replies())
@settings(max_examples=40)
def test_what_is_unfolded_is_a_sentence_of_the_grammar(reply: Reply) -> None:
    check(unfold(reply), whole=bool(reply.choices))


def test_deltas_are_joined_and_parts_stand_where_they_began() -> None:
    events: list[ev.Event] = [
        ev.Started("r1", "m"),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.BlockStarted(1, ev.ToolCallBlock("c", "f")),
        ev.ArgumentsDelta(1, '{"a"'),
        ev.TextDelta(0, "Hel"),
        ev.ArgumentsDelta(1, ":1}"),
        ev.PartAdded(Image(Url("u"))),
        ev.TextDelta(0, "lo"),
        ev.BlockEnded(0),
        ev.BlockEnded(1),
    ]
    assert folded(events).choices == (
        Choice(0, (Text("Hello"), ToolCall("c", "f", '{"a":1}'), Image(Url("u")))),
    )


def test_a_call_without_arguments_has_an_empty_object_unless_its_input_is_raw() -> None:
    for custom, arguments in ((False, "{}"), (True, "")):
        block = ev.ToolCallBlock("c", "f", custom)
        events: list[ev.Event] = [ev.Started(), ev.BlockStarted(0, block), ev.BlockEnded(0)]
        assert folded(events).choices[0].parts == (ToolCall("c", "f", arguments, custom),)


def test_of_several_states_the_last_counts() -> None:
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, ev.ReasoningBlock()),
        ev.StateAttached(0, OpaqueState("v", "first")),
        ev.StateAttached(0, OpaqueState("v", "last")),
    ]
    assert folded(events).choices[0].parts == (Reasoning(state=OpaqueState("v", "last")),)


def test_usage_is_laid_over_what_came_before() -> None:
    events: list[ev.Event] = [
        ev.Started(),
        ev.UsageReported(Usage(5, 1)),
        ev.UsageReported(Usage(output_tokens=3)),
    ]
    assert folded(events).usage == Usage(5, 3)


def test_a_failure_is_kept_aside() -> None:
    fold = Fold()
    failed = ev.Failed(Fault(kind="overloaded", message="busy"))
    fold.add(ev.Started("r1"))
    fold.add(failed)
    assert fold.failed == failed
    assert fold.reply() == Reply("r1")


def test_choices_stand_by_their_index() -> None:
    events: list[ev.Event] = [ev.Started(), ev.Finished("end", 1), ev.Finished("length", 0)]
    assert [choice.reason for choice in folded(events).choices] == ["length", "end"]


def test_a_choice_that_never_ended_has_no_known_reason() -> None:
    assert Choice(0, ()).reason == "unknown"
