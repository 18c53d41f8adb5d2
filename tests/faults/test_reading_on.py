"""The caller goes away from a backend that bills what it says anyway: its answer is read to its
end, so that the figures are the backend's own."""

from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import newest, rows_of
from tests.faults.caller import DIALECTS, PATHS, Line, ask, question, request
from tests.faults.serving import over, serving

WORDS = "one two three four five six seven"

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
same_or_not = pytest.mark.parametrize("to", ["same", "gemini"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url, on_disconnect="drain")
    key = "key-of-alice-0123456789"
    config["users"] = [
        {"name": "alice", "api_key": key, "backends": "*", "limits": {"concurrent": 1}}
    ]
    with serving(config) as gateway:
        yield gateway


def leave_and_look(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, body: bytes, events: int
) -> dict[str, Any]:
    """Leaves once the backend is asked and `events` chunks are there; gives the exchange's row."""
    seen = {row["id"] for row in rows_of(gateway)}
    with Line(gateway.url) as line:
        line.send(request(PATHS[caller], body, x_api_key="key-of-alice-0123456789"))
        upstream.wait_for(lambda one: one["method"] == "POST")
        if events:
            line.head()
        for _ in range(events):
            line.chunk()
    return newest(gateway, lambda row: row["id"] not in seen)


def check(upstream: ScriptedUpstream, row: dict[str, Any]) -> None:
    assert (row["outcome"], row["usage_source"]) == ("client_closed", "provider")
    assert row["completion_tokens"] == 7
    (asked,) = upstream.requests("POST")
    assert not asked["caller_left"]


@same_or_not
@every_dialect
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_before_the_answer(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str, stream: bool
) -> None:
    upstream.script(text=WORDS, delay_headers_ms=1000)
    body = question(caller, caller if to == "same" else to, stream)
    check(upstream, leave_and_look(upstream, gateway, caller, body, 0))


@same_or_not
@every_dialect
def test_inside_a_stream(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str
) -> None:
    upstream.script(text=WORDS, delay_ms=150)
    body = question(caller, caller if to == "same" else to)
    check(upstream, leave_and_look(upstream, gateway, caller, body, 1))


def test_the_request_counts_as_running_until_then_and_not_longer(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    upstream.script(text=WORDS, delay_headers_ms=2000)
    key: dict[str, Any] = {"x_api_key": "key-of-alice-0123456789"}
    seen = {row["id"] for row in rows_of(gateway)}
    with Line(gateway.url) as line:
        line.send(request(PATHS["chat"], question("chat", "chat", stream=False), **key))
        upstream.wait_for(lambda one: one["method"] == "POST")
    assert ask(gateway.url, "chat", question("chat", "chat"), **key).status == 429
    newest(gateway, lambda row: row["id"] not in seen and row["outcome"] == "client_closed")
    assert ask(gateway.url, "chat", question("chat", "chat"), **key).status == 200
