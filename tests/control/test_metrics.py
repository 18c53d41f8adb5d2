"""``GET /metrics`` of running gateways."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import Answer, ask, get, question
from tests.faults.process import served, until
from tests.faults.serving import over
from tests.metrics.strict_parser import Metric, parse

KEY = "a-long-key-of-alice"
SECRET_NAME = "a-name-of-the-caller's-own-" * 3


@pytest.fixture
def upstream() -> object:
    with ScriptedUpstream() as upstream:
        yield upstream


def metrics_of(url: str, **headers: str) -> dict[str, Metric]:
    answer = get(url, "/metrics", **headers)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return parse(answer.body.decode())


def test_what_happened_is_counted_and_no_name_of_a_caller_s_is_told(
    upstream: ScriptedUpstream,
) -> None:
    redact = {"policy": "redact", "patterns": [], "regexes": {"w": "Hello"}}
    config = {**over(upstream.url), "policies": {"chain": [redact]}}
    config["users"] = [
        {
            "name": "alice",
            "api_key": KEY,
            "backends": "*",
            "limits": {"requests_per_minute": 3},
        }
    ]
    with Gateway(config) as gateway:
        upstream.script(text="Hello you")
        told = [ask(gateway.url, "chat", question("chat", "chat"), x_api_key=KEY)]
        told.append(ask(gateway.url, "messages", question("messages", "chat"), x_api_key=KEY))
        told.append(_ask_for(gateway, SECRET_NAME))
        told.append(_ask_for(gateway, "chat"))
        told.append(ask(gateway.url, "chat", question("chat", "chat")))
        assert [answer.status for answer in told] == [200, 200, 404, 429, 401]
        # Who was answered may ask before its request is counted.
        metrics = until(lambda: _once_counted(gateway.url, len(told)))
        requests = metrics["headgate_requests_total"]
        good = {"model": "chat", "backend": "chat", "outcome": "complete", "status": "2xx"}
        assert requests.value(dialect="chat", **good) == 1
        assert requests.value(dialect="messages", **good) == 1
        assert requests.value(status="4xx", backend="none") == 3
        refusals = metrics["headgate_refusals_total"]
        for reason in ("model_not_found", "rate_limited", "invalid_api_key"):
            assert refusals.value(reason=reason) == 1
        assert metrics["headgate_attempts_total"].value(backend="chat", outcome="complete") == 2
        assert metrics["headgate_tokens_total"].value(kind="output") > 0
        assert metrics["headgate_policy_decisions_total"].value(decision="changed") >= 1
        assert metrics["headgate_model_list_ready"].value(backend="chat") == 1
        assert metrics["headgate_requests_in_flight"].value() == 0
        assert SECRET_NAME not in str(metrics)
        assert KEY not in str(metrics)
        head = _head(gateway.url)
        assert head.status == 200


def test_on_the_network_they_want_the_admin_token(upstream: ScriptedUpstream) -> None:
    config = over(upstream.url)
    config["users"] = [{"name": "alice", "api_key": KEY, "backends": "*"}]
    with Gateway(config) as gateway:
        # A proxy on the same machine must not open them to everybody.
        assert get(gateway.url, "/metrics", x_forwarded_for="203.0.113.9").status == 401
        for wrong in (KEY, "x", ""):
            refused = get(gateway.url, "/metrics", authorization=f"Bearer {wrong}")
            assert refused.status == 401
            assert refused.json["error"]["code"] == "invalid_api_key"
        metrics_of(gateway.url, authorization=f"Bearer {gateway.admin_token}")
        assert ask(gateway.url, "chat", b"{}").status == 401
        posted = _request(gateway.url, "POST")
        assert posted.status == 405


def test_on_another_address_a_token_is_needed(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    config = over(upstream.url)
    config["users"] = [{"name": "alice", "api_key": KEY, "backends": "*"}]
    with served(tmp_path, config, "--host", "0.0.0.0") as process:
        assert get(process.url, "/metrics").status == 401
        metrics_of(process.url, authorization=f"Bearer {process.admin_token}")


def test_several_workers_answer_for_each_other(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    with served(tmp_path, over(upstream.url), "--workers", "2") as process:
        for _ in range(6):
            assert ask(process.url, "chat", question("chat", "chat")).status == 200

        def all_counted() -> bool:
            metrics = metrics_of(process.url)
            counted = metrics.get("headgate_requests_total", Metric()).value()
            return counted == 6 and metrics["headgate_workers"].value() == 2

        # Whichever worker answers tells the same, once each has said what it did.
        until(lambda: all(all_counted() for _ in range(8)))


def _once_counted(url: str, count: int) -> dict[str, Metric] | None:
    metrics = metrics_of(url)
    return (
        metrics if metrics["headgate_request_duration_seconds"].value("_count") == count else None
    )


def _ask_for(gateway: Gateway, model: str) -> Answer:
    body = question("chat", "chat").replace(b'"chat"', f'"{model}"'.encode())
    return ask(gateway.url, "chat", body, x_api_key=KEY)


def _head(url: str) -> http.client.HTTPResponse:
    return _request(url, "HEAD")


def _request(url: str, method: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request(method, "/metrics")
        answer = connection.getresponse()
        assert method != "HEAD" or answer.read() == b""
        return answer
    finally:
        connection.close()
