"""Who may use what, under which names, and what passes between callers and backends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, PATHS, Answer, Line, ask, get, question, request
from tests.faults.serving import BACKEND_KEY, backend, model, over, serving
from tests.faults.told import check_error

KEY = "a-long-key-of-alice"
BOB, EVE, CAROL = (f"a-long-key-of-{name}" for name in ("bob", "eve", "carol"))
every_dialect = pytest.mark.parametrize("caller", DIALECTS)


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    backends = config["backends"]
    backends["listing"] = {**backend(upstream.url, "chat"), "models": "*"}
    backends["named"] = {**backend(upstream.url, "chat"), "models": ["gpt-9", "gpt-9-mini"]}
    backends["off"] = {**backend(upstream.url, "chat"), "models": ["gone"], "active": False}
    backends["headed"] = backend(upstream.url, "chat", headers={"x-team": "research"})
    with_v1 = {**backend(f"{upstream.url}/v1/", "chat"), "models": ["slashed"]}
    backends["with-v1"] = with_v1
    config["models"] |= {"headed": model("headed"), "dead": model("off", there="gone")}
    config["models"]["weighted"] = {
        "targets": [
            {"backend": "chat", "model": "mock", "weight": 3},
            {"backend": "messages", "model": "mock", "weight": 1},
        ]
    }
    config["rewrites"] = [
        {"source": "gpt-4", "target": "alias", "force": True},
        {"source": "alias", "target": "gpt-9"},
        {"source": "gpt-9-mini", "target": "gpt-9"},
        {"source": "gpt-3", "target": "nowhere"},
    ]
    config["users"] = [
        {"name": "alice", "api_key": KEY, "backends": "*"},
        {"name": "bob", "api_key": BOB, "backends": ["named"], "models": ["gpt-*", "alias"]},
        {"name": "eve", "api_key": EVE, "backends": "*", "active": False},
        {"name": "carol", "api_key": CAROL},
    ]
    with serving(config) as gateway:
        yield gateway


def put(gateway: Gateway, caller: str, asked: str, key: str = KEY, **headers: str) -> Answer:
    return ask(gateway.url, caller, question(caller, asked), x_api_key=key, **headers)


def models(gateway: Gateway, key: str) -> list[str]:
    answer = get(gateway.url, "/v1/models", authorization=f"Bearer {key}")
    assert answer.status == 200
    assert answer.json["object"] == "list"
    assert all(one["object"] == "model" for one in answer.json["data"])
    return [one["id"] for one in answer.json["data"]]


def test_the_model_list_is_the_callers(gateway: Gateway) -> None:
    named = {"gpt-9", "gpt-9-mini", "gpt-4", "alias"}
    declared = {"chat", "messages", "responses", "gemini", "headed", "weighted"}
    everything = models(gateway, KEY)
    assert named | declared | {"mock", "slashed"} <= set(everything)
    assert len(everything) == len(set(everything))
    assert not {"gone", "dead", "gpt-3"} & set(everything)
    assert set(models(gateway, BOB)) == named


@pytest.mark.parametrize("name", ["gpt-9", "gpt-4", "alias"])
def test_one_model(gateway: Gateway, name: str) -> None:
    answer = get(gateway.url, f"/v1/models/{name}", x_api_key=BOB)
    assert (answer.status, answer.json["id"]) == (200, name)


@pytest.mark.parametrize("name", ["mock", "nowhere", "gpt-3", "gone"])
def test_a_model_that_is_not_the_callers(gateway: Gateway, name: str) -> None:
    answer = get(gateway.url, f"/v1/models/{name}", x_api_key=BOB)
    assert answer.status == 404
    assert answer.json["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("key", ["", "wrong", EVE])
def test_the_model_list_wants_a_key(gateway: Gateway, key: str) -> None:
    answer = get(gateway.url, "/v1/models", **({"x_api_key": key} if key else {}))
    assert answer.status == 401
    assert answer.json["error"]["code"] == "invalid_api_key"


@every_dialect
def test_a_key_that_was_turned_off(gateway: Gateway, log: Expected, caller: str) -> None:
    answer = put(gateway, caller, "chat", EVE)
    check_error(answer, caller, 401, "invalid_api_key", "authentication_error")
    log.outcome(answer, "refused")


@pytest.mark.parametrize(
    ("asked", "there"), [("gpt-4", "gpt-9"), ("alias", "gpt-9"), ("gpt-9-mini", "gpt-9-mini")]
)
@every_dialect
def test_other_names_are_resolved(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    asked: str,
    there: str,
) -> None:
    answer = put(gateway, caller, asked, BOB)
    assert answer.status == 200
    assert answer.headers["x-headgate-model"] == there
    assert answer.headers["x-headgate-backend"] == "named"
    (got,) = upstream.requests("POST")
    assert got["body"]["model"] == there
    row = {"request_model": asked, "routed_model": there, "user_id": "bob"}
    log.outcome(answer, "complete", **row)


def test_weights_share_the_requests(gateway: Gateway) -> None:
    served = [put(gateway, "chat", "weighted").headers["x-headgate-backend"] for _ in range(250)]
    assert set(served) == {"chat", "messages"}
    assert served.count("chat") > served.count("messages")


@every_dialect
def test_a_list_from_the_backend_serves(gateway: Gateway, caller: str) -> None:
    assert put(gateway, caller, "mock").status == 200


def test_an_address_with_v1_is_the_same(upstream: ScriptedUpstream, gateway: Gateway) -> None:
    assert put(gateway, "chat", "slashed").status == 200
    (got,) = upstream.requests("POST")
    assert got["path"] == "/v1/chat/completions"


HEADERS = {
    "authorization": "Bearer " + KEY,
    "cookie": "session=secret-cookie",
    "x_headgate_debug": "secret-header",
    "x_forwarded_for": "10.1.2.3",
    "traceparent": "00-secret-trace-01",
    "anthropic_beta": "some-beta",
    "proxy_authorization": "Basic secret-proxy",
}


@pytest.mark.parametrize("to", ["chat", "messages", "responses", "gemini"])
@every_dialect
def test_what_is_the_callers_stays_with_us(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str
) -> None:
    assert ask(gateway.url, caller, question(caller, to), **HEADERS).status == 200
    (got,) = upstream.requests("POST")
    told = json.dumps(got["headers"])
    assert KEY not in told
    assert "secret-" not in told
    assert "10.1.2.3" not in told
    assert BACKEND_KEY in told
    assert got["headers"]["user-agent"].startswith("headgate/")


def test_the_backends_own_headers_are_sent(upstream: ScriptedUpstream, gateway: Gateway) -> None:
    assert put(gateway, "chat", "headed").status == 200
    (got,) = upstream.requests("POST")
    assert got["headers"]["x-team"] == "research"


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@every_dialect
def test_unknown_fields_pass_in_their_own_dialect(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, stream: bool
) -> None:
    extra = {"vendor_field": {"deep": [1, 2.50, None, "é"]}, "top_p": 0.1}
    body = question(caller, caller, stream, **extra).replace(b'"model"', b'  "model" ')
    assert ask(gateway.url, caller, body, x_api_key=KEY).status == 200
    (got,) = upstream.requests("POST")
    added = {"stream_options": {"include_usage": True}} if caller == "chat" and stream else {}
    assert got["body"] == {**json.loads(body), "model": "mock", **added}


def test_what_a_translation_cannot_carry_is_named(gateway: Gateway) -> None:
    body = question("chat", "messages", logit_bias={"5": 1}, seed=7)
    answer = ask(gateway.url, "chat", body, x_api_key=KEY)
    assert answer.status == 200
    assert {"logit_bias", "seed"} <= set(answer.headers["x-headgate-lost"].split(", "))


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health_needs_no_key(gateway: Gateway, path: str) -> None:
    answer = get(gateway.url, path)
    assert answer.status == 200
    assert answer.json["status"] == "ok"
    assert answer.json["timestamp"]
    assert get(gateway.url, path, "HEAD").status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_front_page(gateway: Gateway, method: str) -> None:
    answer = get(gateway.url, "/", method)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    if method == "GET":
        assert b"/admin" in answer.body


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/v1", "/v1/", "/v1/chat", "//v1/models", "/v1/../v1/models", "/V1/models"],
)
def test_a_path_that_is_none(gateway: Gateway, path: str) -> None:
    answer = get(gateway.url, path, x_api_key=KEY)
    assert answer.status == 404
    assert answer.json["error"]["message"]


@every_dialect
def test_a_wrong_method(gateway: Gateway, caller: str) -> None:
    answer = get(gateway.url, PATHS[caller], x_api_key=KEY)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_one_connection_serves_many_requests(gateway: Gateway) -> None:
    with Line(gateway.url) as line:
        for caller in (*DIALECTS, *DIALECTS):
            line.chunks.clear()
            line.send(request(PATHS[caller], question(caller, caller), x_api_key=KEY))
            answer = line.answer()
            assert (answer.status, answer.ended) == (200, "clean")


def test_pipelined_requests_are_answered_in_order(gateway: Gateway) -> None:
    asked: list[tuple[str, bool]] = [("chat", True), ("messages", False), ("responses", True)]
    with Line(gateway.url) as line:
        line.send(
            b"".join(
                request(PATHS[caller], question(caller, caller, stream), x_api_key=KEY)
                for caller, stream in asked
            )
        )
        for caller, stream in asked:
            line.chunks.clear()
            answer = line.answer()
            assert answer.status == 200
            assert answer.headers["x-headgate-backend"] == caller
            kind = "text/event-stream" if stream else "application/json"
            assert answer.headers["content-type"] == kind


def test_without_any_user_no_key_is_needed(upstream: ScriptedUpstream) -> None:
    with serving(over(upstream.url)) as gateway:
        assert ask(gateway.url, "chat", question("chat", "chat")).status == 200
        keyed: dict[str, Any] = {"authorization": "Bearer whatever"}
        assert ask(gateway.url, "chat", question("chat", "chat"), **keyed).status == 200
        assert get(gateway.url, "/v1/models").status == 200
        two = {"authorization": "Bearer a", "x_api_key": "b"}
        answer = ask(gateway.url, "chat", question("chat", "chat"), **two)
        check_error(answer, "chat", 400, "invalid_request", "")
