"""The caller goes away: the backend is let go at once, and nothing else is asked."""

import time
from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import newest, rows_of
from tests.faults.caller import DIALECTS, PATHS, Line, ask, question, request
from tests.faults.serving import model, over, serving
from tests.faults.streams import FRAMES, OPENING, raw, text_of

MOST_S = 10.0
"""The promise is 250 ms, which a busy machine cannot show; the backends say nothing for longer."""

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
how = pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    for name in DIALECTS:
        config["models"][name] = model(name, "gemini", retries=3)
    with serving(config) as gateway:
        yield gateway


@pytest.fixture
def let_go(upstream: ScriptedUpstream, request: pytest.FixtureRequest) -> Iterator[list[float]]:
    """Asserts that the backend sees the caller's leaving (at the Unix time in the list) in time,
    that it was asked once, and that the gateway goes on."""
    left_at: list[float] = []
    yield left_at
    one = upstream.wait_for(lambda one: one["caller_left"], 2 * MOST_S)
    took_s = one["at"] + one["caller_left_after_ms"] / 1000 - left_at[0]
    request.node.user_properties.append(("let_go_after_ms", round(took_s * 1000, 1)))
    assert took_s < MOST_S
    assert len(upstream.requests("POST")) == 1


def leave(line: Line, left_at: list[float], reset: bool) -> None:
    left_at.append(time.time())
    line.leave(reset)


def goes_on(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    """The next request is as fine as ever, and only now is the backend asked again."""
    asked = len(upstream.requests("POST"))
    upstream.script(**raw(*FRAMES[caller]))
    answer = ask(gateway.url, caller, question(caller, caller))
    assert text_of(caller, answer.body) == "Hello"
    assert len(upstream.requests("POST")) == asked + 1
    upstream.wait_for(lambda one: one["caller_left"])


@how
@every_dialect
@pytest.mark.parametrize(
    "script",
    [{"delay_headers_ms": 20_000}, {"stall_after": 0}, {"text": "x", "delay_first_ms": 20_000}],
    ids=["no headers", "headers", "a late first event"],
)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_before_the_answer(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    let_go: list[float],
    caller: str,
    reset: bool,
    script: dict[str, object],
    stream: bool,
) -> None:
    upstream.script(**script)
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], question(caller, caller, stream)))
        upstream.wait_for(lambda one: one["method"] == "POST")
        leave(line, let_go, reset)
    upstream.wait_for(lambda one: one["caller_left"])


@how
@every_dialect
@pytest.mark.parametrize("events", ["one", "some"])
@pytest.mark.parametrize("to", ["same", "messages"])
def test_after_events(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    let_go: list[float],
    caller: str,
    reset: bool,
    events: str,
    to: str,
) -> None:
    asked = caller if to == "same" else to
    count = 1 if events == "one" else OPENING[asked]
    upstream.script(**raw(*FRAMES[asked][:count]), stall_after=count)
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], question(caller, asked)))
        status, headers = line.head()
        assert status == 200
        line.chunk()
        leave(line, let_go, reset)
    row = newest(gateway, lambda row: row["id"] == headers["x-request-id"])
    assert (row["outcome"], row["status_code"], row["attempts"]) == ("client_closed", 200, 1)
    assert row["usage_source"] == "estimated"
    assert row["prompt_tokens"] > 0


@every_dialect
def test_in_the_middle_of_a_fast_stream(
    upstream: ScriptedUpstream, gateway: Gateway, let_go: list[float], caller: str
) -> None:
    upstream.script(text=["word "] * 3000, delay_ms=10)
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], question(caller, caller)))
        line.head()
        for _ in range(20):
            line.chunk()
        leave(line, let_go, reset=True)
    upstream.wait_for(lambda one: one["caller_left"])


@every_dialect
def test_before_the_answer_is_known_the_log_says_so(
    upstream: ScriptedUpstream, gateway: Gateway, let_go: list[float], caller: str
) -> None:
    upstream.script(stall_after=0)
    seen = {row["id"] for row in rows_of(gateway)}
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], question(caller, caller)))
        upstream.wait_for(lambda one: one["method"] == "POST")
        leave(line, let_go, reset=False)
    row = newest(gateway, lambda row: row["id"] not in seen)
    assert (row["outcome"], row["status_code"], row["attempts"]) == ("client_closed", 499, 1)
    assert row["usage_source"] == "estimated"


@every_dialect
def test_while_another_attempt_is_prepared_none_is_made(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script({"status": 500, "delay_headers_ms": 20_000})
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], question(caller, caller)))
        upstream.wait_for(lambda one: one["method"] == "POST")
    upstream.wait_for(lambda one: one["caller_left"])
    goes_on(upstream, gateway, caller)


@every_dialect
def test_the_next_request_is_fine(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(stall_after=1)
    for _ in range(3):
        with Line(gateway.url) as line:
            line.send(request(PATHS[caller], question(caller, caller)))
            line.head()
        upstream.wait_for(lambda one: one["caller_left"])
    goes_on(upstream, gateway, caller)


def test_before_the_request_is_whole_no_backend_is_asked(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    whole = request(PATHS["chat"], question("chat", "chat"))
    for end in (10, 60, len(whole) - 5):
        with Line(gateway.url) as line:
            line.send(whole[:end])
    answer = ask(gateway.url, "chat", question("chat", "chat"))
    assert answer.status == 200
    assert len(upstream.requests("POST")) == 1
