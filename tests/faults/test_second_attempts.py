"""Another attempt before the first event, none after it, and rest for who asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected, row_of
from tests.faults.caller import DIALECTS, Answer, ask, question
from tests.faults.serving import backend, model, over, serving
from tests.faults.streams import FRAMES, INBAND, OPENING, raw, text_of
from tests.faults.told import LAST_WORDS, TRUNCATED, check_broken, check_error

SERVER_ERROR = {"chat": "server_error", "messages": "api_error", "responses": "server_error"}

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
streaming = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture(scope="module")
def second() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as second:
        yield second


@pytest.fixture(autouse=True)
def _fresh_second(second: ScriptedUpstream) -> None:
    second.reset()


def both(caller: str, stream: bool = True) -> str:
    """A model at two backends. The second has the model's name and serves this test's cases
    alone, since the retries that go to one backend have a budget."""
    return f"both-{caller}-{'stream' if stream else 'whole'}"


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, second: ScriptedUpstream, closed: str) -> Iterator[Gateway]:
    config = over(upstream.url)
    haste = {"first_event": "300ms", "total": "600ms"}
    config["backends"]["second"] = backend(second.url, "messages")
    config["backends"]["refusing"] = backend(closed, "chat")
    models = config["models"]
    for name in (both(caller, stream) for caller in DIALECTS for stream in (True, False)):
        config["backends"][name] = backend(second.url, "messages")
        models[name] = model("chat", name, retries=1)
        # Of its own, since it fails each time.
        config["backends"][f"hasty-{name}"] = backend(upstream.url, "chat", timeouts=haste)
        models[f"hasty-{name}"] = model(f"hasty-{name}", name, retries=1)
    models["three"] = model("chat", "gemini", "second", retries=1)
    models["never"] = model("chat", "second", retries=0)
    models["once-connected"] = model("chat", "second", retries=1, fallback_on=["connect"])
    models["same"] = model("chat", retries=2)
    for number, name in enumerate(DIALECTS, 1):
        there = f"mock-{number}"
        models[f"limited-{name}"] = model("chat", "second", there=there, retries=1)
        models[f"unreachable-{name}"] = model("refusing", "second", there=there, retries=1)
    with serving(config) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _in_favour(upstream: ScriptedUpstream, gateway: Gateway) -> None:
    """The first backend answers once: five failures in a row would take it out of its turn."""
    assert ask(gateway.url, "chat", question("chat", "never")).status == 200
    upstream.reset()


def from_second(answer: Answer, caller: str, stream: bool) -> None:
    assert answer.status == 200
    assert answer.headers["x-headgate-backend"] in ("second", both(caller, stream))
    assert answer.headers["x-headgate-attempts"] == "2"
    if stream:
        assert text_of(caller, answer.body) == "Hello there"
        assert answer.body.count(LAST_WORDS[caller]) == 1
    else:
        assert b"Hello there" in answer.body


FAILURES: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "502 with a page": {"status": 502, "garbage": True},
    "503": {"status": 503},
    "529": {"status": 529},
    "408": {"status": 408},
    "429": {"status": 429},
    "its own key refused": {"status": 401},
    "reset": {"disconnect_after": 0},
    "a page": {"garbage": True},
    "an error in place of a reply": {"json": {"error": {"message": "Oh.", "code": 500}}},
}


@pytest.mark.parametrize("failure", FAILURES)
@streaming
@every_dialect
def test_the_next_target_answers(
    upstream: ScriptedUpstream,
    second: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    stream: bool,
    failure: str,
) -> None:
    upstream.script(**FAILURES[failure])
    answer = ask(gateway.url, caller, question(caller, both(caller, stream), stream))
    from_second(answer, caller, stream)
    assert len(upstream.requests("POST")) == len(second.requests("POST")) == 1
    log.outcome(answer, "complete", attempts=2, backend_id=both(caller, stream))


@pytest.mark.parametrize(
    "script", [{"delay_headers_ms": 5000}, {"stall_after": 0}], ids=["no headers", "no event"]
)
@streaming
@every_dialect
def test_the_next_target_answers_for_a_slow_one(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    stream: bool,
    script: dict[str, Any],
) -> None:
    name = both(caller, stream)
    upstream.script(**script)
    answer = ask(gateway.url, caller, question(caller, f"hasty-{name}", stream))
    from_second(answer, caller, stream)
    log.outcome(answer, "complete", attempts=2, backend_id=name)


@streaming
@every_dialect
def test_a_backend_that_is_not_there(
    second: ScriptedUpstream, gateway: Gateway, caller: str, stream: bool
) -> None:
    asked = f"unreachable-{caller}"
    from_second(ask(gateway.url, caller, question(caller, asked, stream)), caller, stream)


@every_dialect
def test_an_error_in_place_of_the_first_event(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(**raw(b": busy\n\n", INBAND["chat"]))
    from_second(ask(gateway.url, caller, question(caller, both(caller))), caller, stream=True)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
@streaming
@every_dialect
def test_the_callers_mistake_is_told_at_once(
    upstream: ScriptedUpstream,
    second: ScriptedUpstream,
    gateway: Gateway,
    caller: str,
    stream: bool,
    status: int,
) -> None:
    upstream.script(status=status, json={"error": {"message": "Yours.", "code": "odd"}})
    answer = ask(gateway.url, caller, question(caller, both(caller, stream), stream))
    assert answer.status == status
    assert answer.headers["x-headgate-attempts"] == "1"
    assert not second.requests("POST")


@pytest.mark.parametrize("fault", ["closes", "resets", "reports"])
@every_dialect
def test_after_the_first_event_there_is_none(
    upstream: ScriptedUpstream, second: ScriptedUpstream, gateway: Gateway, caller: str, fault: str
) -> None:
    sent = FRAMES["chat"][: OPENING["chat"]]
    if fault == "reports":
        upstream.script(**raw(*sent, INBAND["chat"]))
    else:
        after = {"disconnect_after": len(sent)} if fault == "resets" else {}
        upstream.script(**raw(*sent), **after)
    answer = ask(gateway.url, caller, question(caller, both(caller)))
    message = "Too busy." if fault == "reports" else TRUNCATED
    if caller != "chat" or fault != "reports":
        code = "busy" if fault == "reports" else "upstream_truncated"
        check_broken(caller, answer.body, message, code, SERVER_ERROR)
    assert answer.headers["x-headgate-attempts"] == "1"
    assert not second.requests("POST")


@every_dialect
def test_an_empty_stream_is_an_answer(
    upstream: ScriptedUpstream, second: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(**raw())
    answer = ask(gateway.url, caller, question(caller, both(caller)))
    assert (answer.status, answer.body) == (200, b"")
    assert not second.requests("POST")


@every_dialect
def test_when_all_fail_the_last_failure_is_told(
    upstream: ScriptedUpstream, second: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(status=500)
    second.script(status=503, json={"error": {"message": "The last one."}})
    answer = ask(gateway.url, caller, question(caller, both(caller)))
    message = check_error(answer, caller, 503, "overloaded", "overloaded_error")
    assert message == "The last one."
    row = row_of(gateway, answer.id)
    assert (row["attempts"], row["backend_id"]) == (2, both(caller))
    tried = [(one["backend_id"], one["status_code"]) for one in row["attempt_rows"]]
    assert tried == [("chat", 500), (both(caller), 503)]


@every_dialect
def test_there_are_no_more_attempts_than_allowed(
    upstream: ScriptedUpstream, second: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(status=500)
    answer = ask(gateway.url, caller, question(caller, "three"))
    assert answer.status == 502
    assert (answer.headers["x-headgate-backend"], len(upstream.requests("POST"))) == ("gemini", 2)
    assert not second.requests("POST")
    assert ask(gateway.url, caller, question(caller, "never")).status == 502
    assert not second.requests("POST")


@every_dialect
def test_only_the_named_conditions_count(
    upstream: ScriptedUpstream, second: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(status=500)
    assert ask(gateway.url, caller, question(caller, "once-connected")).status == 502
    assert not second.requests("POST")
    upstream.script(disconnect_after=0)
    from_second(ask(gateway.url, caller, question(caller, "once-connected")), caller, stream=True)


@streaming
@every_dialect
def test_a_single_target_is_asked_again(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, stream: bool
) -> None:
    upstream.script({"status": 500}, {"disconnect_after": 0}, {"text": "At last"})
    answer = ask(gateway.url, caller, question(caller, "same", stream))
    assert answer.status == 200
    assert b"At" in answer.body
    assert answer.headers["x-headgate-attempts"] == "3"


@every_dialect
def test_who_asks_for_rest_gets_it(
    upstream: ScriptedUpstream,
    second: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
) -> None:
    asked = f"limited-{caller}"
    upstream.script(status=429, headers={"retry-after": "40"})
    assert ask(gateway.url, caller, question(caller, asked)).headers["x-headgate-attempts"] == "2"
    answer = ask(gateway.url, caller, question(caller, asked))
    assert answer.status == 200
    assert answer.headers["x-headgate-attempts"] == "1"
    assert answer.headers["x-headgate-backend"] == "second"
    assert len(upstream.requests("POST")) == 1

    second.script(status=429, headers={"retry-after": "20"})
    answer = ask(gateway.url, caller, question(caller, asked))
    assert answer.status == 429
    assert answer.json["error"]["type"] == "rate_limit_error"
    assert answer.headers["retry-after"] == "20"

    answer = ask(gateway.url, caller, question(caller, asked))
    check_error(answer, caller, 503, "overloaded", "overloaded_error")
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    assert len(upstream.requests("POST")) == 1
    assert "x-headgate-backend" not in answer.headers
    log.outcome(answer, "refused", attempts=0)
