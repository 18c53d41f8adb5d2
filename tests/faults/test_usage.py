"""Tokens: asked for at backends, hidden from who did not ask, and told truly in the log."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected, row_of
from tests.faults.caller import DIALECTS, ask, question
from tests.faults.serving import backend, model, over, serving
from tests.faults.streams import CHAT, DONE, FRAMES, RESPONSES, raw

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
every_backend = pytest.mark.parametrize("to", ["chat", "messages", "responses", "gemini"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    config["backends"]["silent"] = backend(upstream.url, "chat", usage_in_stream=False)
    config["models"]["silent"] = model("silent")
    with serving(config) as gateway:
        yield gateway


def asked(upstream: ScriptedUpstream) -> Any:
    (request,) = upstream.requests("POST")
    return request["body"].get("stream_options")


def with_usage(usage: dict[str, Any]) -> tuple[bytes, ...]:
    told = json.loads(CHAT[4].partition(b"data: ")[2])
    return (*CHAT[:4], b"data: " + json.dumps({**told, "usage": usage}).encode() + b"\n\n", DONE)


@every_dialect
def test_a_chat_backend_is_asked_for_it(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    answer = ask(gateway.url, caller, question(caller, "chat"))
    assert asked(upstream) == {"include_usage": True}
    told = {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4}
    log.outcome(answer, "complete", usage_source="provider", **told)


@every_dialect
def test_a_backend_that_does_not_know_the_option_is_spared(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    answer = ask(gateway.url, caller, question(caller, "silent"))
    assert asked(upstream) is None
    log.outcome(answer, "complete", usage_source="estimated")


@every_dialect
def test_a_whole_reply_needs_no_asking(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    answer = ask(gateway.url, caller, question(caller, "chat", stream=False))
    assert asked(upstream) is None
    log.outcome(answer, "complete", usage_source="provider", total_tokens=4)


@pytest.mark.parametrize("to", ["chat", "messages", "responses", "gemini"])
def test_who_did_not_ask_sees_none(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, to: str
) -> None:
    upstream.script(**raw(*FRAMES[to]))
    unasked: list[dict[str, Any]] = [
        {},
        {"stream_options": {"include_usage": False}},
        {"stream_options": None},
    ]
    for more in unasked:
        answer = ask(gateway.url, "chat", question("chat", to, **more))
        assert b'"usage":{' not in answer.body
        assert b'"choices":[]' not in answer.body
        assert answer.body.endswith(DONE)
        log.outcome(answer, "complete", total_tokens=7, usage_source="provider")


@pytest.mark.parametrize("to", ["chat", "messages", "responses", "gemini"])
def test_who_asked_sees_it(upstream: ScriptedUpstream, gateway: Gateway, to: str) -> None:
    upstream.script(**raw(*FRAMES[to]))
    options = {"include_usage": True, "other": 1}
    answer = ask(gateway.url, "chat", question("chat", to, stream_options=options))
    told = json.loads(answer.body.split(b"\n\n")[-3].partition(b"data: ")[2])
    assert told["choices"] == []
    wanted = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    assert told["usage"].items() >= wanted.items()
    if to == "chat":
        assert answer.body == b"".join(CHAT)
        assert asked(upstream) == options


def test_the_callers_other_stream_options_stay(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    options = {"include_usage": False, "include_obfuscation": False}
    ask(gateway.url, "chat", question("chat", "chat", stream_options=options))
    assert asked(upstream) == {"include_usage": True, "include_obfuscation": False}


@every_dialect
def test_cached_and_reasoning_tokens_are_kept(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    details = {
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150, **details}
    upstream.script(**raw(*with_usage(usage)))
    more: dict[str, Any] = {"stream_options": {"include_usage": True}} if caller == "chat" else {}
    answer = ask(gateway.url, caller, question(caller, "chat", **more))
    row = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
    row |= {"cached_tokens": 60, "reasoning_tokens": 30}
    log.outcome(answer, "complete", usage_source="provider", **row)
    told = {
        "chat": b'"cached_tokens": 60',
        "messages": b'"cache_read_input_tokens":60',
        "responses": b'"cached_tokens":60',
    }
    assert told[caller] in answer.body


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@every_backend
@every_dialect
def test_where_none_came_it_is_estimated_and_marked(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    to: str,
    stream: bool,
) -> None:
    upstream.script(text="one two three four five", ignore_usage=True)
    answer = ask(gateway.url, caller, question(caller, to, stream))
    assert answer.status == 200
    log.outcome(answer, "complete", usage_source="estimated")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@every_dialect
def test_an_explicit_zero_is_a_zero(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, stream: bool
) -> None:
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    upstream.script(**raw(*with_usage(usage)))
    if not stream:
        message = {"role": "assistant", "content": "Hello"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        upstream.script(json={"id": "c", "model": "m", "choices": [choice], "usage": usage})
    answer = ask(gateway.url, caller, question(caller, "chat", stream))
    log.outcome(answer, "complete", usage_source="provider", **usage)


@every_dialect
def test_usage_that_came_before_a_break_counts(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(**raw(*FRAMES["messages"][:3]))
    answer = ask(gateway.url, caller, question(caller, "messages"))
    log.outcome(answer, "truncated", usage_source="estimated", prompt_tokens=5)


@every_dialect
def test_what_a_backend_repeats_of_the_request_is_no_output(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    tools = [{"type": "web_search"}] * 1000
    opening = [
        {"type": f"response.{word}", "response": {"id": "resp_1", "model": "m", "tools": tools}}
        for word in ("created", "in_progress")
    ]
    upstream.script(events=[*opening, *raw(*RESPONSES[1:-1])["events"]], no_terminator=True)
    answer = ask(gateway.url, caller, question(caller, "responses"))
    row = row_of(gateway, answer.id)
    assert (row["outcome"], row["usage_source"]) == ("truncated", "estimated")
    assert row["completion_tokens"] < 20


@every_dialect
def test_nothing_is_charged_for_a_refusal(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(status=500)
    answer = ask(gateway.url, caller, question(caller, caller))
    log.outcome(answer, "upstream_error", usage_source=None, prompt_tokens=None, total_tokens=None)
