import pytest

from headgate.model.parts import Refusal, Text
from headgate.model.reply import unfold
from headgate.policies.hook_flow import HookFlow, Misbehaved, WaitingFlow
from tests.policies.drive import cut, opened, pour, reply, request, run, stream, texts, whole
from tests.policies.strangers import Bad, LateWords, Reverse, Shout, Words

WHERE = "tests.policies.strangers"


@pytest.mark.parametrize("seed", range(8))
def test_held_text_comes_again_with_the_next_piece(seed: int) -> None:
    given = reply(Text("one two three"), Refusal("four five"))
    expected = reply(Text("<one> <two> <three>"), Refusal("<four> <five>"))
    assert (
        run(stream(opened({"policy": f"{WHERE}:Words"}), cut(unfold(given), seed))).reply
        == expected
    )
    assert run(whole(opened({"policy": f"{WHERE}:Words"}), given)) == expected


def test_the_last_call_of_a_block_comes_only_where_something_is_held() -> None:
    flow = HookFlow(Words(), 0, 100)
    assert flow.feed("a b ") == "<a> <b> "
    assert flow.end() == ""
    flow = HookFlow(Words(), 0, 100)
    assert (flow.feed("a b"), flow.held, flow.end()) == ("<a> ", 1, "<b>")


def test_what_is_late_comes_out_as_it_is() -> None:
    flow = HookFlow(Words(), 0, 100)
    flow.feed("a b")
    assert flow.late() == "b"
    assert flow.end() == ""


def test_after_a_failure_nothing_is_lost() -> None:
    flow = HookFlow(Bad("text", "crash"), 0, 100)
    with pytest.raises(RuntimeError):
        flow.feed("some text")
    assert flow.raw() == "some text"
    assert not flow.wanting


def test_what_is_held_at_the_very_end_comes_out_as_it_is() -> None:
    flow = HookFlow(Bad("text", "hoard"), 0, 100)
    assert flow.feed("some") + flow.feed(" text") == ""
    assert flow.end() == "some text"


def test_windows_are_exact_however_the_text_comes() -> None:
    for seed in range(8):
        running = opened({"policy": f"{WHERE}:Reverse"})
        given = reply(Text("abcdefghijkl"))
        streamed = run(stream(running, cut(unfold(given), seed)))
        assert texts(streamed.reply) == ["edcbajihgflk"]


def test_a_window_that_is_late_is_asked_about_as_it_is() -> None:
    async def work() -> str:
        flow = WaitingFlow(Reverse(), 0, 100)
        flow.feed("abc")
        assert not flow.wanting
        assert flow.late() == ""
        assert flow.wanting
        given = await flow.ask()
        assert not flow.wanting
        assert flow.raw() == ""
        return given

    assert run(work()) == "cba"


def test_what_an_async_policy_holds_alone_is_given_out_late() -> None:
    async def work() -> str:
        flow = WaitingFlow(LateWords(), 0, 100)
        flow.feed("a b")
        assert await flow.ask() == "<a> "
        return flow.late()

    assert run(work()) == "b"


def test_text_that_grows_without_end_is_a_failure_but_some_growth_is_not() -> None:
    flow = HookFlow(Shout("!" * 10_000), 0, 100)
    assert flow.feed("a") == "A"
    greedy = HookFlow(Bad("text", "grow"), 0, 100)
    for _ in range(40):
        greedy.feed("x" * 10)
    with pytest.raises(Misbehaved, match="grow without end"):
        greedy.feed("x" * 10_000)


def test_a_json_answer_is_one_piece() -> None:
    running = opened({"policy": f"{WHERE}:Shout", "mark": "?", "times": 2})

    async def work() -> list[str]:
        await running.request(request())
        return [
            e.text
            for e in (await pour(running, unfold(reply(Text("a b"))))).events
            if hasattr(e, "text")
        ]

    assert run(work()) == ["A B"]
