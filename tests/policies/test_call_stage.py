import pytest

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.parts import Part, Reasoning, Text, ToolCall
from headgate.model.reply import Choice, unfold
from headgate.model.state import OpaqueState
from headgate.policies import call_stage
from headgate.policies.running import Running
from tests.policies.drive import (
    opened,
    pour,
    replies,
    reply,
    request,
    run,
    stream,
    streams_of,
    whole,
)

WHERE = "tests.policies.strangers"
LS = ToolCall("1", "ls", '{"path":"/"}')
RM = ToolCall("2", "rm", '{"path":"/"}')
SIGN = Reasoning(state=OpaqueState("google", "sig"))


def calls(kind: str = "Calls", **keys: str) -> Running:
    return opened({"policy": f"{WHERE}:{kind}", **keys})


def parts_of(choice: Choice) -> tuple[tuple[Part, ...], str]:
    return choice.parts, choice.reason


@pytest.mark.parametrize("kind", ["Calls", "LateCalls"])
@pytest.mark.parametrize(
    ("keys", "given", "parts", "reason"),
    [
        ({}, (LS, RM), (LS, RM), "tools"),
        ({"drop": "rm"}, (LS, RM), (LS,), "tools"),
        ({"drop": "rm"}, (Text("a"), RM), (Text("a"),), "end"),
        ({"drop": "rm"}, (RM,), (), "end"),
        ({"drop": "rm"}, (LS, RM, Text("b")), (LS, Text("b")), "tools"),
        ({"change": "rm"}, (RM,), (ToolCall("2", "rm", '{"changed":true}'),), "tools"),
        ({"answer": "rm"}, (RM,), (Text("answered"),), "end"),
        ({"answer": "rm"}, (Text("a"), RM, LS), (Text("a"), Text("answered"), LS), "tools"),
        ({"drop": "rm"}, (SIGN, RM, SIGN, LS), (SIGN, LS), "tools"),
        ({"drop": "rm"}, (SIGN, Text("a"), RM), (SIGN, Text("a")), "end"),
        ({"drop": "rm"}, (Reasoning("thought"), RM), (Reasoning("thought"),), "end"),
    ],
)
def test_calls_are_dropped_changed_and_answered(
    kind: str, keys: dict[str, str], given: tuple[Part, ...], parts: tuple[Part, ...], reason: str
) -> None:
    answer = run(whole(calls(kind, **keys), reply(*given)))
    for seed in range(4):
        streamed = run(stream(calls(kind, **keys), streams_of(reply(*given), seed)))
        assert parts_of(streamed.reply.choices[0]) == (parts, reason)
        assert answer == streamed.reply


def test_an_answer_stands_before_the_calls_that_stay() -> None:
    streamed = run(stream(calls(answer="rm"), unfold(reply(LS, RM, Text("b")))))
    assert streamed.reply.choices[0].parts == (Text("answered"), LS, Text("b"))


def test_each_choice_has_its_own_end() -> None:
    given = replies((RM,), (LS, RM))
    for seed in range(8):
        streamed = run(stream(calls(drop="rm"), streams_of(given, seed)))
        assert [parts_of(choice) for choice in streamed.reply.choices] == [
            ((), "end"),
            ((LS,), "tools"),
        ]


def test_a_call_that_stays_keeps_its_own_pieces() -> None:
    events = list(unfold(reply(LS)))
    pieces = [
        *events[:2],
        ev.ArgumentsDelta(0, '{"path'),
        ev.ArgumentsDelta(0, '":"/"}'),
        *events[3:],
    ]
    assert run(stream(calls(drop="rm"), pieces)).events == pieces


def test_interleaved_calls_keep_the_order_in_which_they_began() -> None:
    one, two = ev.ToolCallBlock("1", "ls"), ev.ToolCallBlock("2", "cat")
    events: list[ev.Event] = [
        ev.Started(),
        ev.BlockStarted(0, one),
        ev.BlockStarted(1, two),
        ev.ArgumentsDelta(1, "{}"),
        ev.BlockEnded(1),
        ev.ArgumentsDelta(0, "{}"),
        ev.BlockEnded(0),
        ev.Finished("tools"),
    ]
    names = [e.block for e in run(stream(calls(), events)).events if isinstance(e, ev.BlockStarted)]
    assert names == [one, two]


def test_a_call_that_never_became_whole_is_left_out() -> None:
    events = [*unfold(reply(Text("a"), LS, RM))][:-2]
    assert run(stream(calls(), events)).reply.choices[0].parts == (Text("a"), LS)


def test_an_error_of_the_backend_comes_after_what_was_decided() -> None:
    failed = ev.Failed(Fault(kind="upstream_error", message="x"))
    events = [*unfold(reply(LS, RM))][:-2]
    out = run(stream(calls(), [*events, failed])).events
    assert out[-1] == failed
    assert isinstance(out[-2], ev.BlockEnded)


def test_the_native_word_for_tools_goes_with_the_last_call() -> None:
    events = [*unfold(reply(RM))][:-1]
    finish = ev.Finished("tools", native="tool_calls")
    assert run(stream(calls(drop="rm"), [*events, finish])).events[-1] == ev.Finished("end")
    cut_short = ev.Finished("length", native="max_tokens")
    assert run(stream(calls(drop="rm"), [*events, cut_short])).events[-1] == cut_short


def test_a_call_without_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_stage, "MOST_ARGUMENTS", 5)
    assert run(stream(calls(), unfold(reply(LS)))).fault is not None
    left_out = calls(on_error="open")
    assert run(stream(left_out, unfold(reply(LS)))).reply == reply(LS)


def test_arguments_that_a_model_broke_may_be_made_anything() -> None:
    broken = ToolCall("2", "rm", '{"path": ')
    streamed = run(stream(calls(change="rm"), unfold(reply(broken))))
    assert streamed.reply.choices[0].parts == (ToolCall("2", "rm", '{"changed":true}'),)


def test_nothing_is_ever_late() -> None:
    async def work() -> None:
        running = calls()
        await running.request(request())
        for event in [*unfold(reply(LS))][:3]:
            running.feed(event, 0.0)
        assert running.due() is None
        assert running.release(1e9) == []
        assert (await pour(running, [])).events == []

    run(work())
