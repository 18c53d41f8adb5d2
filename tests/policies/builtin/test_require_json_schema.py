import pytest

from headgate.model.fault import Fault
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import unfold
from headgate.model.request import ResponseFormat
from tests.policies.drive import Entry, cut, opened, pour, reply, request, run, stream, whole

SCHEMA = {"type": "object", "required": ["a"]}
ENTRY: Entry = {"policy": "require_json_schema", "schema": SCHEMA}
GOOD = reply(Text('{"a": 1}'))


def test_nothing_goes_out_before_all_of_it_is_known_to_fit() -> None:
    async def work() -> None:
        running = opened(ENTRY)
        await running.request(request())
        assert not [out for event in cut(unfold(GOOD), 1) for out in running.feed(event, 0.0)]
        assert len(running.flush(0.0)) > 3

    run(work())


@pytest.mark.parametrize("text", ["", "no", '{"b": 1}', '{"a": 1', "[]", '{"a": 1} and more'])
def test_what_does_not_fit_ends_the_exchange(text: str) -> None:
    streamed = run(stream(opened(ENTRY), cut(unfold(reply(Text(text))), 1)))
    assert streamed.fault is not None
    assert streamed.events == []
    assert run(whole(opened(ENTRY), reply(Text(text)))) == streamed.fault


def test_an_answer_that_calls_a_tool_instead_is_let_pass() -> None:
    call = reply(ToolCall("1", "ls"))
    assert run(whole(opened(ENTRY), call)) == call


def test_the_schema_may_be_the_caller_s_own() -> None:
    async def ask(wanted: ResponseFormat | None) -> object:
        running = opened({"policy": "require_json_schema"})
        await running.request(request("a", response_format=wanted))
        return (await pour(running, unfold(reply(Text('{"b": 1}'))))).result

    assert isinstance(run(ask(ResponseFormat("json_schema", "x", SCHEMA))), Fault)
    assert run(ask(ResponseFormat("json_object"))) == reply(Text('{"b": 1}'))
    assert run(ask(ResponseFormat("text"))) == reply(Text('{"b": 1}'))
    assert run(ask(None)) == reply(Text('{"b": 1}'))


def test_the_model_can_be_asked_for_the_schema() -> None:
    running = opened({**ENTRY, "ask": True})
    wanted = ResponseFormat("json_schema", "answer", SCHEMA)
    assert run(running.request(request("a"))).response_format == wanted
    own = request("a", response_format=ResponseFormat("json_object"))
    assert run(running.request(own)) is own


def test_another_answer_may_be_asked_for_before_the_caller_saw_anything() -> None:
    async def work() -> None:
        running = opened({**ENTRY, "on_failure": "retry", "retries": 2})
        await running.request(request())
        for _ in range(2):
            failed = await pour(running, unfold(reply(Text("no"))))
            assert (failed.events, running.again) == ([], True)
            running.begin_reply()
            assert running.blocked is None
        last = await pour(running, unfold(reply(Text("no"))))
        assert last.fault is not None
        assert not running.again
        running.begin_reply()
        assert (await pour(running, unfold(GOOD))).reply == GOOD

    run(work())
