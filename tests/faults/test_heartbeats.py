"""Signs of life while a backend is silent: when, in which words, and never inside a frame."""

import re
from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, PATHS, Answer, Line, ask, frames, get, question, request
from tests.faults.serving import backend, model, over, serving
from tests.faults.streams import FINISH, FRAMES, INBAND, OPENING, raw, text_of
from tests.faults.told import LAST_WORDS, check_broken

BEAT = {
    "chat": b": keep-alive\n\n",
    "messages": b'event: ping\ndata: {"type":"ping"}\n\n',
    "responses": b": keep-alive\n\n",
}
SLOW = "The backend did not send its first event in time."
TIMEOUT = {"chat": "timeout_error", "messages": "timeout_error", "responses": "server_error"}
SERVER_ERROR = {"chat": "server_error", "messages": "api_error", "responses": "server_error"}

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
relayed_and_translated = pytest.mark.parametrize("to", ["same", "other"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    config["server"]["heartbeat"] = "50ms"
    slow = {"first_event": "1s"}
    config["backends"]["slow"] = backend(upstream.url, "chat", timeouts=slow)
    config["models"]["slow"] = model("slow")
    for number, caller in enumerate(DIALECTS, 1):
        both = model("slow", "messages", there=f"mock-{number}", retries=1)
        config["models"][f"slow-{caller}"] = both
    with serving(config) as gateway:
        yield gateway


def other(caller: str) -> str:
    return {"chat": "messages", "messages": "responses", "responses": "chat"}[caller]


def stream(gateway: Gateway, caller: str, asked: str) -> Answer:
    answer = ask(gateway.url, caller, question(caller, asked))
    assert (answer.status, answer.ended) == (200, "clean")
    assert answer.headers["content-type"] == "text/event-stream"
    return answer


def without_beats(caller: str, body: bytes, at_least: int) -> bytes:
    """The stream's own frames, once so many heartbeats are taken out."""
    said = list(frames(body))
    assert said.count(BEAT[caller]) >= at_least
    return b"".join(frame for frame in said if frame != BEAT[caller])


@relayed_and_translated
@every_dialect
def test_before_the_first_event(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, to: str
) -> None:
    asked = caller if to == "same" else other(caller)
    upstream.script(**raw(*FRAMES[asked]), delay_headers_ms=1000)
    answer = stream(gateway, caller, asked)
    assert answer.body.startswith(BEAT[caller] * 2)
    assert text_of(caller, without_beats(caller, answer.body, 2)) == "Hello"
    assert answer.body.count(LAST_WORDS[caller]) == 1
    assert answer.headers["x-headgate-backend"] == asked
    log.outcome(answer, "complete")


@relayed_and_translated
@every_dialect
def test_between_events(upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str) -> None:
    asked = caller if to == "same" else other(caller)
    *early, last = FRAMES[asked]
    upstream.script(**raw(b"".join(early), last), delay_ms=1000)
    answer = stream(gateway, caller, asked)
    body = without_beats(caller, answer.body, 2)
    if caller == asked:
        hidden = FRAMES["chat"][4] if caller == "chat" else b""
        assert body == b"".join(FRAMES[asked]).replace(hidden, b"")
    assert text_of(caller, body) == "Hello"
    assert re.search(re.escape(BEAT[caller]) + rb"(?!\Z)", answer.body), "a beat is the last word"


@every_dialect
def test_never_inside_a_frame(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    opening = FRAMES[caller][: OPENING[caller]]
    cut = FRAMES[caller][OPENING[caller]]
    rest = FRAMES[caller][OPENING[caller] + 1 : FINISH[caller]]
    upstream.script(
        **raw(b"".join(opening) + cut[:40], cut[40:50], cut[50:] + b"".join(rest)), delay_ms=500
    )
    answer = stream(gateway, caller, caller)
    body = without_beats(caller, answer.body, 2)
    assert body.startswith(b"".join((*opening, cut, *rest)))


@every_dialect
def test_a_whole_reply_has_none(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    upstream.script(delay_headers_ms=500)
    answer = ask(gateway.url, caller, question(caller, caller, stream=False))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["model"] == "mock"


@every_dialect
def test_once_the_status_is_out_a_failure_is_an_event(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(stall_after=0)
    answer = stream(gateway, caller, "slow")
    body = without_beats(caller, answer.body, 1)
    assert check_broken(caller, body, SLOW, "request_timeout", TIMEOUT) == b""
    log.outcome(answer, "timeout")


@every_dialect
def test_once_the_status_is_out_a_refusal_is_an_event(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(status=500, json={"error": {"message": "Oh."}}, delay_headers_ms=1000)
    answer = stream(gateway, caller, "chat")
    body = without_beats(caller, answer.body, 1)
    assert check_broken(caller, body, "Oh.", "upstream_error", SERVER_ERROR) == b""
    log.outcome(answer, "upstream_error")


@every_dialect
def test_an_error_as_a_late_first_event(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(**raw(INBAND["chat"]), delay_first_ms=1000)
    answer = stream(gateway, caller, "chat")
    body = without_beats(caller, answer.body, 1)
    assert check_broken(caller, body, "Too busy.", "busy", SERVER_ERROR) == b""
    log.outcome(answer, "upstream_error")


@every_dialect
def test_another_target_is_tried_also_when_the_status_is_out(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script({"stall_after": 0}, raw(*FRAMES["messages"]))
    answer = stream(gateway, caller, f"slow-{caller}")
    assert text_of(caller, without_beats(caller, answer.body, 1)) == "Hello"
    assert answer.body.count(LAST_WORDS[caller]) == 1
    log.outcome(answer, "complete", attempts=2, backend_id="messages")


@every_dialect
def test_a_late_whole_reply_is_told_as_a_stream(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    message = {"role": "assistant", "content": "Hello"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    reply = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    upstream.script(json={**reply, "choices": [choice]}, delay_headers_ms=1000)
    answer = stream(gateway, caller, "chat")
    assert text_of(caller, without_beats(caller, answer.body, 1)) == "Hello"
    assert answer.body.count(LAST_WORDS[caller]) == 1
    log.outcome(answer, "complete")


@every_dialect
def test_they_go_on_until_the_caller_leaves(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(stall_after=0)
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], question(caller, caller)))
        line.head()
        line.until(BEAT[caller] * 2)
    upstream.wait_for(lambda one: one["caller_left"])
    assert get(gateway.url, "/health").status == 200
