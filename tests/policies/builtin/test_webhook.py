import asyncio
from typing import Any

import msgspec
import pytest

from headgate.model.fault import Refused
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import unfold
from headgate.policies.environment import Environment
from headgate.policies.running import Running
from tests.policies.drive import (
    Entry,
    Service,
    cut,
    opened,
    reply,
    request,
    run,
    said,
    stream,
)

ENTRY: Entry = {"policy": "webhook", "url": "http://hook/x", "window": 20, "secret": "s"}
ALLOW = {"action": "allow"}


def hooked(service: Service, **keys: object) -> Running:
    return opened({**ENTRY, **keys}, environment=Environment(post=service.post))


def test_what_is_posted_says_who_asks_for_what() -> None:
    service = Service(lambda _question: ALLOW)
    given = request("one", "two")
    assert run(hooked(service).request(given)) is given
    call = service.calls[0]
    assert call.url == "http://hook/x"
    assert msgspec.json.decode(call.body) == {
        "about": "request",
        "user": "alice",
        "model": "fast",
        "path": "/v1/chat/completions",
        "texts": ["one", "two"],
    }
    assert dict(call.headers)["x-headgate-signature"].startswith("t=0,v1=")


def test_it_refuses_with_its_own_reason() -> None:
    with pytest.raises(Refused, match="'webhook': too late"):
        run(
            hooked(Service(lambda _q: {"action": "refuse", "reason": "too late"})).request(
                request("a")
            )
        )
    with pytest.raises(Refused, match=r"'webhook'\.$"):
        run(hooked(Service(lambda _q: {"action": "refuse", "reason": 3})).request(request("a")))


def test_where_it_may_it_changes_every_text() -> None:
    def upper(question: dict[str, Any]) -> dict[str, Any]:
        if question["about"] == "request":
            return {"action": "replace", "texts": [t.upper() for t in question["texts"]]}
        if question["about"] == "tool_call":
            if question["tool_call"]["name"] == "rm":
                return {"action": "drop"}
            return {"action": "replace", "arguments": '{"b":2}'}
        return {"action": "replace", "text": question["text"].upper()}

    running = hooked(Service(upper), replace=True)
    assert said(run(running.request(request("one", "two")))) == ["ONE", "TWO"]
    given = reply(
        Text("some text of more than twenty"), ToolCall("1", "ls", "{}"), ToolCall("2", "rm")
    )
    streamed = run(stream(running, cut(unfold(given), 1)))
    assert streamed.reply == reply(
        Text("SOME TEXT OF MORE THAN TWENTY"), ToolCall("1", "ls", '{"b":2}')
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "no action that is known"),
        ({"action": "drop"}, "no action that is known"),
        ({"action": "replace", "text": 3}, "has no text"),
        ({"action": "replace"}, "has no text"),
        (b"<html>", "no JSON object"),
    ],
)
def test_a_service_that_lies_has_failed(answer: Any, words: str) -> None:
    running = hooked(Service(lambda _question: answer), replace=True, apply_to=["response"])
    streamed = run(stream(running, unfold(reply(Text("text")))))
    assert streamed.fault is not None
    assert words in running.reports[0].failures[0]
    left_out = hooked(
        Service(lambda _question: answer), replace=True, apply_to=["response"], on_error="open"
    )
    assert run(stream(left_out, unfold(reply(Text("text"))))).text == "text"


@pytest.mark.parametrize("given", [["a"], "ab", [1, 2]])
def test_as_many_texts_come_back_as_were_sent(given: Any) -> None:
    running = hooked(Service(lambda _q: {"action": "replace", "texts": given}), replace=True)
    with pytest.raises(Refused, match="could not be applied"):
        run(running.request(request("one", "two")))


def test_a_service_that_may_only_judge_cannot_change_anything() -> None:
    running = hooked(Service(lambda _q: {"action": "replace", "texts": ["x"]}))
    with pytest.raises(Refused):
        run(running.request(request("one")))
    assert "wants to replace" in running.reports[0].failures[0]


def test_a_service_that_answers_5xx_follows_on_error_and_is_left_alone_then() -> None:
    service = Service(lambda _q: ALLOW, status=503)
    running = hooked(service, on_error="open", failures=1)
    given = request("one")
    assert run(running.request(given)) is given
    assert run(stream(running, unfold(reply(Text("text"))))).text == "text"
    assert len(service.calls) == 1


def test_a_service_that_stalls_follows_on_error() -> None:
    async def stall() -> None:
        await asyncio.Event().wait()

    running = hooked(Service(lambda _q: stall()), deadline="10ms")
    with pytest.raises(Refused, match="could not be applied"):
        run(running.request(request("one")))
    assert running.reports[0].failures == ["the service did not answer within 0.01 s"]
