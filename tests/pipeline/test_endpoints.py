import json
from typing import Any

import pytest

from headgate.dialects.endpoints import find
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused
from headgate.pipeline.endpoints import (
    after_all,
    answer_here,
    check_policies,
    may_try_again,
    serving,
    speaks_own,
    spoken_to,
)
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.upload import Upload
from headgate.pipeline.whole import Whole
from headgate.routing.retry import Failure
from headgate.routing.target import Condition, Target
from headgate.wire.multipart import FormScanner
from tests.pipeline.fakes import Scene, backend, route
from tests.pipeline.test_upload import Pieces

COUNT = "/v1/messages/count_tokens"
BACKENDS = (
    backend("openai", speaks=("chat", "responses")),
    backend("codex", speaks=("responses",)),
    backend("claude", speaks=("messages",)),
    backend("google", speaks=("gemini",)),
    backend("helper", speaks=("chat", "messages"), agent="package:make"),
)
BY_NAME = {one.name: one for one in BACKENDS}


def exchange_at(path: str, **asked: Any) -> Exchange:
    exchange = Scene(backends=BACKENDS).exchange
    dialect = find(path)
    assert dialect is not None
    assert dialect.caller is not None
    exchange.endpoint, exchange.dialect, exchange.caller = path, dialect, dialect.caller
    exchange.body = json.dumps({"model": "fast", **asked}).encode()
    exchange.envelope = dialect.caller.read_envelope(exchange.body)
    return exchange


def counting() -> Exchange:
    return exchange_at(COUNT, messages=[{"role": "user", "content": "Hello"}])


def failure(status: int, condition: Condition | None = None) -> Failure:
    return Failure(Fault(kind="not_found", message="no", status=status), condition)


@pytest.mark.parametrize(
    ("name", "serves"),
    [("openai", True), ("codex", True), ("claude", False), ("google", False), ("helper", False)],
)
async def test_openais_endpoints_are_asked_of_who_speaks_like_it(name: str, serves: bool) -> None:
    exchange = exchange_at("/v1/embeddings", input="x")
    assert speaks_own(exchange.dialect, BY_NAME[name]) == serves
    only = route(name)
    if serves:
        assert serving(exchange, only) == only
    else:
        with pytest.raises(Refused, match="chat or responses") as refused:
            serving(exchange, only)
        assert refused.value.fault.http_status == 400


async def test_of_a_routes_targets_those_remain_that_serve() -> None:
    exchange = exchange_at("/v1/rerank", query="x", documents=[])
    kept = serving(exchange, route("claude", "codex", "google")).targets
    assert [target.backend for target in kept] == ["codex"]


async def test_a_conversation_is_left_as_it_is() -> None:
    exchange = Scene(backends=BACKENDS).exchange
    whole = route("claude", "google")
    assert serving(exchange, whole) is whole
    assert spoken_to(exchange.dialect, BY_NAME["claude"]) is DIALECTS["messages"]
    assert answer_here(exchange, whole.targets[0]) is None
    refused = failure(404)
    assert after_all(exchange, whole.targets[0], refused) is refused
    assert may_try_again(exchange)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [("claude", "count_tokens"), ("google", "gemini"), ("openai", None), ("helper", None)],
)
async def test_tokens_are_counted_by_who_can(name: str, spoken: str | None) -> None:
    exchange, target = counting(), Target(name, "m")
    here = answer_here(exchange, target)
    if spoken is not None:
        assert here is None
        assert spoken_to(exchange.dialect, BY_NAME[name]).name == spoken
        return
    assert here is not None
    assert json.loads(here.body)["input_tokens"] > 0
    assert ("x-headgate-estimated", "true") in here.headers
    assert here.facts.usage is not None
    assert here.facts.usage.total_tokens == 0


@pytest.mark.parametrize(
    ("name", "failed", "estimated"),
    [
        ("claude", failure(404), True),
        ("claude", failure(405), True),
        ("claude", failure(501, "5xx"), True),
        ("claude", failure(400), False),
        ("claude", failure(429, "429"), False),
        ("google", failure(400), True),
        ("google", failure(503, "5xx"), False),
    ],
)
async def test_an_estimate_stands_in_where_a_backend_does_not_count(
    name: str, failed: Failure, estimated: bool
) -> None:
    result = after_all(counting(), Target(name, "m"), failed)
    assert isinstance(result, Whole) == estimated


async def test_an_upload_that_ran_out_of_time_is_the_callers_matter() -> None:
    exchange = exchange_at("/v1/audio/transcriptions")
    upload = exchange.upload = Upload(Pieces(b""), FormScanner("b"), 10, None)
    late = Failure(Fault(kind="timeout", message="late"), "timeout")
    target = Target("openai", "m")
    assert after_all(exchange, target, late) is late
    upload.waiting = True
    with pytest.raises(Refused) as refused:
        after_all(exchange, target, late)
    assert refused.value.fault.http_status == 408


async def test_what_went_out_cannot_be_sent_again() -> None:
    exchange = exchange_at("/v1/audio/transcriptions")
    upload = exchange.upload = Upload(Pieces(b""), FormScanner("b"), 10, None)
    assert may_try_again(exchange)
    upload.spent = True
    assert not may_try_again(exchange)


class Watcher:
    """As much of a guard as is asked for."""

    def __init__(self, watches: bool, changes: bool) -> None:
        self.watches_reply = watches
        self.changes_reply = changes


@pytest.mark.parametrize(
    ("path", "watches", "changes", "refused"),
    [
        ("/v1/completions", True, False, False),
        ("/v1/completions", False, True, True),
        ("/v1/completions", False, False, False),
        ("/v1/audio/transcriptions", True, True, True),
        ("/v1/embeddings", True, True, False),
        ("/v1/audio/speech", True, True, False),
    ],
)
async def test_text_that_policies_would_want_to_see_is_not_made_where_they_cannot(
    path: str, watches: bool, changes: bool, refused: bool
) -> None:
    exchange = exchange_at(path, prompt="x")
    exchange.guard = Watcher(watches, changes)  # type: ignore[assignment]
    if not refused:
        check_policies(exchange)
        return
    with pytest.raises(Refused) as refusal:
        check_policies(exchange)
    assert refusal.value.fault.http_status == 403
