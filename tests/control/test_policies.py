"""The policy chain of the database, on two gateways that share it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import row_of
from tests.faults.caller import PATHS, Answer, Line, ask, question, request
from tests.faults.serving import backend, model, serving
from tests.faults.streams import text_of
from tests.metrics.strict_parser import parse

KEY = "a-long-key-of-alice"
MAIL = "john.doe@example.com"
WITHIN_S = 20.0


@pytest.fixture(scope="module")
def both(
    upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Gateway]]:
    folder = tmp_path_factory.mktemp("shared")
    config = {
        "server": {"heartbeat": 0},
        "database": f"sqlite:///{folder}/shared.db",
        "backends": {"up": backend(upstream.url, "chat")},
        "models": {"chat": model("up")},
        "users": [{"name": "alice", "api_key": KEY, "backends": "*", "detail_logging": True}],
        "policies": {"source": "database"},
    }
    secret = "a secret key that two share"
    with (
        serving(config, HEADGATE_SECRET_KEY=secret) as one,
        serving(config, HEADGATE_SECRET_KEY=secret) as other,
    ):
        yield [one, other]


@pytest.fixture(autouse=True)
def _fresh(upstream: ScriptedUpstream, both: list[Gateway]) -> None:
    upstream.reset()
    for row in call(both[0], "GET"):
        call(both[0], "DELETE", f"/{row['id']}")
    upstream.script(text="Hello you", ignore_usage=True)


def call(gateway: Gateway, method: str, path: str = "", body: Any = None) -> Any:
    """What the API answers; `HTTPError` where it refuses."""
    asked = urllib.request.Request(
        f"{gateway.url}/admin/policies{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {gateway.admin_token}", "content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(asked, timeout=15) as answer:
        return json.loads(answer.read() or b"null")


def replaces(word: str, by: str) -> dict[str, Any]:
    return {"policy": "redact", "patterns": [], "regexes": {by: word}}


def put(gateway: Gateway, **more: Any) -> Answer:
    return ask(gateway.url, "chat", question("chat", "chat", **more), x_api_key=KEY)


def told(gateway: Gateway) -> str:
    return text_of("chat", put(gateway).body)


def soon(find: Callable[[], str], expected: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while (found := find()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_each_change_counts_from_the_next_request_here_and_soon_everywhere(
    both: list[Gateway],
) -> None:
    one, other = both
    assert told(one) == "Hello you"
    entry = call(one, "POST", body=replaces("Hello", "one"))
    assert told(one) == "[ONE] you"
    soon(lambda: told(other), "[ONE] you")
    call(other, "PUT", f"/{entry['id']}", {"regexes": {"two": "you"}})
    assert told(other) == "Hello [TWO]"
    soon(lambda: told(one), "Hello [TWO]")
    call(one, "PUT", f"/{entry['id']}", {"is_active": False})
    assert told(one) == "Hello you"
    call(one, "DELETE", f"/{entry['id']}")
    soon(lambda: told(other), "Hello you")


def test_the_order_is_the_order_of_the_work(both: list[Gateway]) -> None:
    one, other = both
    first = call(one, "POST", body=replaces("Hello", "a"))
    second = call(one, "POST", body=replaces(r"\[A\]", "b"))
    assert told(one) == "[B] you"
    call(one, "POST", "/reorder", {"ids": [second["id"], first["id"]]})
    assert told(one) == "[A] you"
    soon(lambda: told(other), "[A] you")


def test_a_stream_under_way_keeps_its_chain(
    upstream: ScriptedUpstream, both: list[Gateway]
) -> None:
    one, _ = both
    entry = call(one, "POST", body=replaces("Hello", "old"))
    upstream.script(text=["Hello ", "Hello ", "end"], delay_ms=700, ignore_usage=True)
    with Line(one.url) as line:
        line.send(request(PATHS["chat"], question("chat", "chat"), authorization=f"Bearer {KEY}"))
        line.head()
        line.until(b"[OLD]")
        call(one, "PUT", f"/{entry['id']}", {"regexes": {"new": "Hello"}})
        upstream.script(text="Hello", ignore_usage=True)
        assert told(one) == "[NEW]"
        assert line.rest() == "clean"
        assert text_of("chat", b"".join(line.chunks)) == "[OLD] [OLD] end"


def test_what_cannot_be_used_is_refused_and_the_chain_stays(both: list[Gateway]) -> None:
    one, _ = both
    call(one, "POST", body=replaces("Hello", "kept"))
    for bad in ({"policy": "redcat"}, {"policy": "redact", "regexes": {"x": "(?=a)"}}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            call(one, "POST", body=bad)
        assert refused.value.code == 400
        refused.value.close()
    assert told(one) == "[KEPT] you"


def test_the_log_shows_what_was_sent_on_and_what_policies_did(
    upstream: ScriptedUpstream, both: list[Gateway]
) -> None:
    one, _ = both
    call(one, "POST", body={"policy": "redact", "patterns": ["email"], "as": "token"})
    call(one, "POST", body={"policy": "tag", "tags": {"who": "{user}"}})
    upstream.script(text=["to [EM", "AIL_1] now"], ignore_usage=True)
    answer = put(one, messages=[{"role": "user", "content": f"I am {MAIL}"}])
    assert text_of("chat", answer.body) == f"to {MAIL} now"
    row = row_of(one, answer.id)
    assert "I am [EMAIL_1]" in row["request_body"]
    assert "to [EMAIL_1] now" in row["response_body"]
    assert MAIL not in json.dumps(row)
    assert MAIL not in json.dumps(upstream.requests("POST")[-1])
    assert row["tags"] == {"who": "alice"}
    (note,) = row["policies"]
    assert (note["policy"], note["changed"]) == ("redact", True)
    assert note["findings"] == {"email": 1}
    assert note["holds"] >= 1
    assert note["largest_hold"] >= len("[EM")
    counted = _metrics(one)["headgate_policy_hold_seconds"]
    assert counted.value("_count", policy="redact") >= 1


def test_a_chain_is_tried_before_it_is_in_force(
    upstream: ScriptedUpstream, both: list[Gateway]
) -> None:
    one, _ = both
    answer = put(one, messages=[{"role": "user", "content": f"I am {MAIL}"}])
    assert MAIL in row_of(one, answer.id)["request_body"]
    upstream.reset()
    chain = [{"policy": "redact", "patterns": ["email"]}, {"policy": "block", "words": ["hello"]}]
    tried = call(one, "POST", "/test", {"chain": chain, "exchange_id": answer.id})
    assert "I am [EMAIL]" in json.dumps(tried["request"]["after"])
    assert "'block'" in tried["refused"]
    assert tried["reply"]["after"] is None
    assert not upstream.requests("POST")
    assert told(one) == "Hello there"


def _metrics(gateway: Gateway) -> Any:
    with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=15) as answer:
        return parse(answer.read().decode())
