"""Limits at a running gateway: what callers are told, and that nothing stays reserved."""

import itertools
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected, row_of
from tests.faults.caller import DIALECTS, PATHS, Answer, Line, ask, question, request
from tests.faults.serving import add_hasty, over, serving
from tests.faults.streams import FINISH, FRAMES, INBAND, OPENING, raw
from tests.faults.told import check_error

LIMITS: dict[str, dict[str, Any]] = {
    "alone": {"concurrent": 1},
    "reader": {"tokens_per_day": 100_000, "requests_per_day": 10_000},
    "spender": {"budget_usd": 0.0001, "budget_period": "total"},
    **{f"twice-{name}": {"requests_per_minute": 2} for name in DIALECTS},
    **{f"poor-{name}": {"budget_usd": 0, "budget_period": "month"} for name in DIALECTS},
    "free": {},
}
PRICES = {"mo*": {"input": 10.0, "output": 100.0, "cached": 1.0}}
COST_USD = (5 * 10 + 2 * 100) / 1_000_000
"""Of one whole answer."""

every_dialect = pytest.mark.parametrize("caller", DIALECTS)


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url, prices=PRICES)
    add_hasty(config, upstream.url, first_event="400ms", idle="300ms")
    config["backends"]["gemini"] |= {"on_disconnect": "drain", "timeouts": {"idle": "3s"}}
    config["users"] = [
        {"name": name, "api_key": f"a-long-key-of-{name}", "backends": "*", "limits": limits}
        for name, limits in LIMITS.items()
    ]
    with serving(config) as gateway:
        yield gateway


def put(gateway: Gateway, user: str, caller: str, backend: str = "", **more: Any) -> Answer:
    body = question(caller, backend or caller, **more)
    return ask(gateway.url, caller, body, authorization=f"Bearer a-long-key-of-{user}")


def fine(upstream: ScriptedUpstream, gateway: Gateway, user: str, caller: str) -> Answer:
    """A whole stream, as one that nothing stands against."""
    upstream.script(**raw(*FRAMES[caller]))
    answer = put(gateway, user, caller)
    assert answer.status == 200, answer
    return answer


@every_dialect
def test_too_many_requests_are_told_in_the_callers_own_words(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    user = f"twice-{caller}"
    first = fine(upstream, gateway, user, caller)
    fine(upstream, gateway, user, caller)
    answer = put(gateway, user, caller)
    message = check_error(answer, caller, 429, "rate_limit_exceeded", "rate_limit_error")
    assert message.startswith("Rate limit reached: this user may use 2 requests a minute.")
    assert 10 <= int(answer.headers["retry-after"]) <= 30
    log.outcome(answer, "refused", attempts=0)
    for told, remaining in ((first, "1"), (answer, "0")):
        headers = told.headers
        if caller == "messages":
            assert headers["anthropic-ratelimit-requests-limit"] == "2"
            assert headers["anthropic-ratelimit-requests-remaining"] == remaining
            reset = headers["anthropic-ratelimit-requests-reset"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reset)
        else:
            assert headers["x-ratelimit-limit-requests"] == "2"
            assert headers["x-ratelimit-remaining-requests"] == remaining
            assert re.fullmatch(r"(\d+m)?\d+s", headers["x-ratelimit-reset-requests"])
        others = "x-ratelimit" if caller == "messages" else "anthropic-ratelimit"
        assert not [name for name in headers if name.startswith(others)]


@every_dialect
def test_a_budget_that_is_gone_is_no_reason_to_try_again(
    gateway: Gateway, log: Expected, caller: str
) -> None:
    answer = put(gateway, f"poor-{caller}", caller)
    check_error(answer, caller, 429, "insufficient_quota", "rate_limit_error")
    assert answer.headers["x-should-retry"] == "false"
    assert int(answer.headers["retry-after"]) > 0
    log.outcome(answer, "refused", attempts=0)


ENDINGS: dict[str, Any] = {
    "whole": lambda sent, cut, end: raw(*sent),
    "without a terminator": lambda sent, cut, end: raw(*sent[:end]),
    "empty": lambda sent, cut, end: raw(),
    "truncated": lambda sent, cut, end: raw(*sent[:cut]),
    "reset": lambda sent, cut, end: {**raw(*sent), "disconnect_after": cut},
    "silent at once": lambda sent, cut, end: {**raw(*sent), "stall_after": 0},
    "silent later": lambda sent, cut, end: {**raw(*sent), "stall_after": cut},
    "an error": lambda sent, cut, end: {"status": 500, "json": {"error": {"message": "no"}}},
    "a refusal": lambda sent, cut, end: {"status": 400, "json": {"error": {"message": "no"}}},
    "nonsense": lambda sent, cut, end: {"garbage": True},
    "a whole reply": lambda sent, cut, end: {"text": "Hello", "json": {"odd": True}},
}


@pytest.mark.parametrize("how", [*ENDINGS, "an error event", "a later error event"])
@every_dialect
def test_however_an_exchange_ends_the_place_is_free_again(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, how: str
) -> None:
    sent, cut = FRAMES[caller], OPENING[caller]
    if how in ENDINGS:
        script = ENDINGS[how](sent, cut, FINISH[caller])
    else:
        script = raw(*(sent[:cut] if "later" in how else ()), INBAND[caller])
    upstream.script(**script)
    asked = f"hasty-{caller}" if "silent" in how else caller
    assert put(gateway, "alone", caller, asked).status != 429
    fine(upstream, gateway, "alone", caller)


@pytest.mark.parametrize("backend", ["chat", "gemini"])
@every_dialect
def test_a_place_is_taken_until_the_caller_leaves(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, backend: str
) -> None:
    frames = FRAMES[backend]
    upstream.script(**raw(*frames), stall_after=OPENING[backend])
    with Line(gateway.url) as line:
        body = question(caller, backend)
        line.send(request(PATHS[caller], body, authorization="Bearer a-long-key-of-alone"))
        line.head()
        line.until(b"Hel")
        second = put(gateway, "alone", caller)
        check_error(second, caller, 429, "rate_limit_exceeded", "rate_limit_error")
        assert second.headers["retry-after"] == "1"
    upstream.wait_for(lambda one: one["caller_left"])
    row_of(gateway, second.id)
    fine(upstream, gateway, "alone", caller)


def test_requests_one_after_another_need_one_place(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    """Who has the last word of an answer may ask again at once."""
    for stream in itertools.islice(itertools.cycle((True, False)), 100):
        upstream.script(text="Hi")
        assert put(gateway, "alone", "chat", stream=stream).status == 200


@every_dialect
def test_tokens_are_settled_with_what_was_used(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    def left(max_tokens: int) -> int:
        name = {"chat": "max_completion_tokens", "responses": "max_output_tokens"}
        upstream.script(**raw(*FRAMES[caller]))
        cap: dict[str, Any] = {name.get(caller, "max_tokens"): max_tokens}
        told = put(gateway, "reader", caller, **cap).headers
        prefix = "anthropic-ratelimit-tokens-remaining"
        return int(told[prefix if caller == "messages" else "x-ratelimit-remaining-tokens"])

    with_a_large_bound = left(50_000)
    with_a_small_one = left(100)
    assert with_a_small_one > with_a_large_bound + 49_000
    assert left(100) <= with_a_small_one - 7 + math.ceil(100_000 / 86_400 * 30)


def test_spending_is_booked_and_ends_at_the_budget(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    paid = fine(upstream, gateway, "spender", "chat")
    refused = put(gateway, "spender", "chat")
    check_error(refused, "chat", 429, "insufficient_quota", "")
    row = row_of(gateway, paid.id)
    assert row["cost_usd"] == pytest.approx(COST_USD)
    assert row["user_id"] == "spender"


def test_usage_is_read_on_for_where_the_backend_wants_it(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    upstream.script(**raw(*FRAMES["gemini"]), delay_ms=700)
    with Line(gateway.url) as line:
        body = question("chat", "gemini")
        line.send(request(PATHS["chat"], body, authorization="Bearer a-long-key-of-free"))
        _, headers = line.head()
        line.until(b"Hel")
    row = row_of(gateway, headers["x-request-id"])
    assert row["outcome"] == "client_closed"
    assert (row["total_tokens"], row["usage_source"]) == (7, "provider")
    assert row["cost_usd"] == pytest.approx(COST_USD)


def test_a_user_without_limits_is_told_none(upstream: ScriptedUpstream, gateway: Gateway) -> None:
    answer = fine(upstream, gateway, "free", "chat")
    assert not [name for name in answer.headers if "ratelimit" in name]
