from typing import Any

import pytest

from headgate.model.fault import Refused
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import Reply, unfold
from headgate.policies import duty
from headgate.policies.duty import violation
from headgate.policies.running import Running
from tests.policies.drive import cut, opened, pour, reply, request, run, stream, texts
from tests.policies.strangers import ENDED, Unmade

WHERE = "tests.policies.strangers"
GIVEN = reply(Text("some words of text"), ToolCall("1", "ls", '{"a":1}'))


def bad(where: str, how: str, on_error: str = "closed") -> Running:
    entry = {"policy": f"{WHERE}:Bad", "where": where, "how": how, "on_error": on_error}
    return opened(entry)


BAD = [
    ("text", "crash", "raised RuntimeError at strangers.py:"),
    ("text", "exit", "raised SystemExit at strangers.py:"),
    ("text", "type", "on_text gave int where text is due"),
    ("text", "recurse", "raised RecursionError at strangers.py:"),
    ("text", "hold type", "on_text gave int where text is due"),
    ("call", "crash", "raised RuntimeError at strangers.py:"),
    ("call", "type", "on_tool_call gave int where a verdict is due"),
    ("call", "broken json", "on_tool_call made the call's arguments something else"),
    ("reply", "crash", "raised RuntimeError at strangers.py:"),
    ("reply", "type", "on_reply gave int where a reply is due"),
]


@pytest.mark.parametrize(("where", "how", "words"), BAD)
def test_a_policy_that_fails_blocks_where_it_is_closed(where: str, how: str, words: str) -> None:
    running = bad(where, how)
    streamed = run(stream(running, cut(unfold(GIVEN), 1)))
    assert streamed.fault is not None
    assert streamed.fault.kind == "policy_violation"
    assert streamed.fault.message == "The policy 'Bad' could not be applied."
    assert running.reports[0].failures[0].startswith(words)


@pytest.mark.parametrize(("where", "how", "words"), BAD)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_policy_that_fails_is_left_out_where_it_is_open(
    where: str, how: str, words: str, seed: int
) -> None:
    running = bad(where, how, "open")
    streamed = run(stream(running, cut(unfold(GIVEN), seed)))
    assert streamed.result == GIVEN
    assert running.reports[0].failures[0].startswith(words)


def test_what_a_policy_holds_and_makes_has_bounds() -> None:
    long = reply(Text("x" * 5000))
    for how, words in (("grow", "makes the text grow"), ("hoard", "holds more than 4096")):
        running = bad("text", how)
        streamed = run(stream(running, cut(unfold(long), 3)))
        assert streamed.fault is not None
        assert words in running.reports[0].failures[0]


@pytest.mark.parametrize("how", ["crash", "type"])
def test_a_request_hook_that_fails_follows_on_error_too(how: str) -> None:
    with pytest.raises(Refused) as refusal:
        run(bad("request", how).request(request("a")))
    assert refusal.value.fault.http_status == 403
    assert "hunter2" not in refusal.value.fault.message
    given = request("a")
    assert run(bad("request", how, "open").request(given)) is given


def test_the_caller_and_the_log_never_read_an_error_s_own_text() -> None:
    running = bad("text", "crash")
    streamed = run(stream(running, unfold(GIVEN)))
    assert "hunter2" not in f"{streamed.fault}{running.reports}"


@pytest.mark.parametrize("where", ["request", "text", "call", "reply"])
@pytest.mark.parametrize("on_error", ["closed", "open"])
def test_a_policy_that_never_answers_has_a_deadline(where: str, on_error: str) -> None:
    entry = {"policy": f"{WHERE}:Sleepy", "where": where, "deadline": "1ms", "on_error": on_error}
    running = opened(entry)

    async def work() -> Any:
        await running.request(request())
        return (await pour(running, cut(unfold(GIVEN), 1))).result

    if on_error == "open":
        assert run(work()) == GIVEN
    elif where == "request":
        with pytest.raises(Refused):
            run(work())
    else:
        assert not isinstance(run(work()), Reply)
    assert running.reports[0].failures[0] == "gave no answer within 0.001 s"


@pytest.mark.parametrize("where", ["request", "text", "call", "reply", "end"])
@pytest.mark.parametrize("how", ["loop", "sleep"])
def test_a_policy_that_never_comes_back_is_interrupted(
    where: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duty, "SHORTEST_STEP_S", 0.1)
    entry = {"policy": f"{WHERE}:Endless", "where": where, "how": how, "deadline": "100ms"}
    for on_error in ("open", "closed"):
        running = opened({**entry, "stubborn": True, "on_error": on_error})

        async def work(running: Running = running) -> Any:
            await running.request(request())
            result = (await pour(running, cut(unfold(GIVEN), 1))).result
            running.end("complete")
            return result

        if on_error == "open" or where == "end":
            assert run(work()) == GIVEN
        elif where == "request":
            with pytest.raises(Refused):
                run(work())
        else:
            assert not isinstance(run(work()), Reply)
        assert running.reports[0].failures[0] == "did not come back within 0.1 s"


def test_a_refusal_names_the_policy_and_the_reason() -> None:
    with pytest.raises(Refused) as refusal:
        run(bad("request", "refuse").request(request("a")))
    assert refusal.value.fault == violation("Bad", "enough")
    assert refusal.value.fault.message == "Refused by the policy 'Bad': enough"


def test_a_policy_that_cannot_be_made_again_follows_on_error() -> None:
    Unmade.made = 0
    closed = opened({"policy": f"{WHERE}:Unmade"})
    with pytest.raises(Refused):
        run(closed.request(request("a")))
    Unmade.made = 0
    left_out = opened({"policy": f"{WHERE}:Unmade", "on_error": "open", "name": "u"})
    assert run(left_out.reply(GIVEN)) is GIVEN


def test_the_end_is_told_exactly_once_and_may_fail() -> None:
    ENDED.clear()
    running = opened({"policy": f"{WHERE}:Shout"})
    run(stream(running, unfold(GIVEN)))
    running.end("complete")
    running.end("blocked")
    assert ENDED == [("Shout", "complete")]
    failing = bad("end", "crash")
    run(stream(failing, unfold(GIVEN)))
    failing.end("complete")
    assert failing.reports[0].failures


def test_texts_are_what_they_were_where_nothing_went_wrong() -> None:
    assert texts(run(bad("nowhere", "").reply(GIVEN))) == ["some words of text"]
