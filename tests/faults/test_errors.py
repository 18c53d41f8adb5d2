"""Errors before the first byte, row by row: a real status, and JSON in the caller's dialect."""

import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, PATHS, Answer, Line, ask, question, request
from tests.faults.raw_backend import RawBackend, black_hole, closed_port
from tests.faults.serving import BACKEND_KEY, add_hasty, backend, model, over, serving
from tests.faults.told import check_error

KEYS = {name: f"a-long-key-of-{name}" for name in ("all", "none", "some")}
NO_HTTP = b"SSH-2.0-OpenSSH_9.2\r\n\r\n"
CUT_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: app"

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
streaming = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
every_backend = pytest.mark.parametrize("to", ["chat", "messages", "responses", "gemini"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    add_hasty(config, upstream.url, first_event="400ms", total="600ms")
    with (
        RawBackend(NO_HTTP) as nonsense,
        RawBackend(CUT_HEAD) as reset,
        black_hole() as hole,
        closed_port() as refusing,
    ):
        odd = {
            "refusing": refusing,
            "unknown": "http://nobody.invalid",
            "plain": upstream.url.replace("http:", "https:"),
            "nonsense": nonsense.url,
            "reset": reset.url,
        }
        for name, url in odd.items():
            config["backends"][name] = backend(url, "chat")
            config["models"][name] = model(name)
        config["backends"]["hole"] = backend(hole, "chat", timeouts={"connect": "300ms"})
        config["models"]["hole"] = model("hole")
        config["server"]["max_body"] = "20kB"
        config["users"] = [
            {"name": "all", "api_key": KEYS["all"], "backends": "*"},
            {"name": "none", "api_key": KEYS["none"]},
            {
                "name": "some",
                "api_key": KEYS["some"],
                "backends": ["chat", "messages"],
                "models": ["chat", "respo*"],
            },
        ]
        with serving(config) as gateway:
            yield gateway


def put(gateway: Gateway, caller: str, body: bytes, key: str = "all") -> Answer:
    return ask(gateway.url, caller, body, authorization=f"Bearer {KEYS[key]}")


def never_asked(upstream: ScriptedUpstream) -> bool:
    return not upstream.requests("POST")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"x_api_key": "wrong"},
        {"authorization": "Basic eDp5"},
    ],
)
@every_dialect
def test_no_key_and_a_wrong_key(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    headers: dict[str, str],
) -> None:
    answer = ask(gateway.url, caller, question(caller, caller), **headers)
    check_error(answer, caller, 401, "invalid_api_key", "authentication_error")
    log.outcome(answer, "refused")
    assert never_asked(upstream)


@every_dialect
def test_two_different_keys(gateway: Gateway, caller: str) -> None:
    keys = {"authorization": f"Bearer {KEYS['all']}", "x_api_key": KEYS["some"]}
    answer = ask(gateway.url, caller, question(caller, caller), **keys)
    check_error(answer, caller, 400, "invalid_request", "invalid_request_error")
    same = {"authorization": f"Bearer {KEYS['all']}", "x_api_key": KEYS["all"]}
    assert ask(gateway.url, caller, question(caller, caller), **same).status == 200


@every_dialect
def test_a_caller_without_any_backend(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    answer = put(gateway, caller, question(caller, "chat"), "none")
    check_error(answer, caller, 403, "permission_denied", "permission_error")
    log.outcome(answer, "refused")
    assert never_asked(upstream)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param("nowhere", id="served by nobody"),
        pytest.param("messages", id="not among the caller's names"),
        pytest.param("responses", id="at a backend that the caller may not use"),
    ],
)
@every_dialect
def test_not_this_model(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, asked: str
) -> None:
    answer = put(gateway, caller, question(caller, asked), "some")
    message = check_error(answer, caller, 404, "model_not_found", "not_found_error")
    assert asked in message
    assert never_asked(upstream)


def _with(caller: str, **changed: Any) -> bytes:
    body = {**json.loads(question(caller, caller)), **changed}
    return json.dumps({name: value for name, value in body.items() if value != "LEFT OUT"}).encode()


def _input(caller: str) -> str:
    return "input" if caller == "responses" else "messages"


def _bound(caller: str) -> str:
    return "max_output_tokens" if caller == "responses" else "max_tokens"


DEEP = '{"a":' * 70 + "1" + "}" * 70
BAD_BODIES: dict[str, tuple[Callable[[str], bytes], str | None]] = {
    "nothing": (lambda caller: b"", None),
    "no JSON": (lambda caller: b"hello", None),
    "half": (lambda caller: question(caller, caller)[:-5], None),
    "a list": (lambda caller: b"[]", None),
    "not UTF-8": (lambda caller: question(caller, caller).replace(b"Hello", b"H\xff"), None),
    "NaN": (lambda caller: question(caller, caller).replace(b'"model"', b'"x":NaN,"model"'), None),
    "too deep": (lambda caller: _with(caller, metadata=json.loads(DEEP)), None),
    "model twice": (
        lambda caller: question(caller, caller).replace(b'"model"', b'"model":"x","model"'),
        "model",
    ),
    "stream twice": (
        lambda caller: question(caller, caller).replace(b'"stream"', b'"stream":false,"stream"'),
        "stream",
    ),
    "bound twice": (
        lambda caller: _with(caller, **{_bound(caller): 5}).replace(
            b'"model"', b'"%b":6,"model"' % _bound(caller).encode()
        ),
        "BOUND",
    ),
    "no model": (lambda caller: _with(caller, model="LEFT OUT"), "model"),
    "model a number": (lambda caller: _with(caller, model=5), "model"),
    "model empty": (lambda caller: _with(caller, model=""), "model"),
    "stream a word": (lambda caller: _with(caller, stream="yes"), "stream"),
    "stream a number": (lambda caller: _with(caller, stream=1), "stream"),
    "no input": (lambda caller: _with(caller, **{_input(caller): "LEFT OUT"}), "INPUT"),
    "input a number": (lambda caller: _with(caller, **{_input(caller): 5}), "INPUT"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
@every_dialect
def test_a_bad_body(upstream: ScriptedUpstream, gateway: Gateway, caller: str, case: str) -> None:
    make, param = BAD_BODIES[case]
    answer = put(gateway, caller, make(caller))
    message = check_error(answer, caller, 400, "invalid_request", "invalid_request_error")
    if param is not None:
        field = {"INPUT": _input(caller), "BOUND": _bound(caller)}.get(param, param)
        assert field in message
        assert caller == "messages" or answer.json["error"]["param"] == field
    assert never_asked(upstream)


@pytest.mark.parametrize("chunked", [True, False])
@every_dialect
def test_a_body_over_the_limit(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, chunked: bool
) -> None:
    body = _with(caller, metadata={"x": "y" * 25_000})
    key = f"Bearer {KEYS['all']}"
    with Line(gateway.url) as line:
        if chunked:
            head = request(PATHS[caller], b"", authorization=key, transfer_encoding="chunked")
            line.send(head.replace(b"content-length: 0\r\n", b""))
            line.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            line.send(request(PATHS[caller], body, authorization=key))
        answer = line.answer()
    check_error(answer, caller, 413, "request_too_large", "request_too_large")
    assert never_asked(upstream)


@pytest.mark.parametrize("to", ["refusing", "unknown", "plain", "nonsense", "reset"])
@streaming
@every_dialect
def test_a_backend_that_cannot_be_reached(
    gateway: Gateway, log: Expected, caller: str, to: str, stream: bool
) -> None:
    answer = put(gateway, caller, question(caller, to, stream))
    message = check_error(answer, caller, 502, "upstream_error", "api_error")
    assert "127.0.0.1" not in message
    assert "nobody.invalid" not in message
    log.outcome(answer, "upstream_error")
    assert answer.headers["x-headgate-backend"] == to
    assert answer.headers["x-headgate-attempts"] == "1"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param({"disconnect_after": 0}, id="reset behind the headers"),
        pytest.param({"garbage": True}, id="a page"),
        pytest.param({"garbage": True, "status": 502}, id="a proxy's page"),
        pytest.param({"garbage": "{broken"}, id="broken JSON"),
        pytest.param({"garbage": ""}, id="nothing at all"),
        pytest.param({"json": 5}, id="a number"),
        pytest.param({"status": 302, "headers": {"location": "http://other.test/"}}, id="redirect"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"headers": {"content-encoding": "br"}}, id="an unknown coding"),
    ],
)
@streaming
@every_backend
@every_dialect
def test_a_backend_that_talks_nonsense(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    to: str,
    stream: bool,
    script: dict[str, Any],
) -> None:
    upstream.script(**script)
    answer = put(gateway, caller, question(caller, to, stream))
    codes = {"upstream_error", "server_error", "api_error", "INTERNAL"}
    code = answer.json["error"].get("code", "upstream_error")
    assert code in codes
    check_error(answer, caller, 502, code, "api_error")
    log.outcome(answer, "upstream_error")


@streaming
@every_dialect
def test_a_backend_that_does_not_take_the_connection(
    gateway: Gateway, log: Expected, caller: str, stream: bool
) -> None:
    answer = put(gateway, caller, question(caller, "hole", stream))
    check_error(answer, caller, 504, "request_timeout", "timeout_error")
    log.outcome(answer, "timeout")


@pytest.mark.parametrize(
    "script", [{"delay_headers_ms": 5000}, {"stall_after": 0}], ids=["no headers", "no event"]
)
def test_a_backend_that_is_too_slow(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, script: dict[str, Any]
) -> None:
    upstream.script(**script)
    cases = list(itertools.product(DIALECTS, ("chat", "messages", "responses", "gemini"), (0, 1)))
    with ThreadPoolExecutor(len(cases)) as callers:
        answers = callers.map(
            lambda case: put(
                gateway, case[0], question(case[0], f"hasty-{case[1]}", bool(case[2]))
            ),
            cases,
        )
        for answer, (caller, _, _) in zip(answers, cases, strict=True):
            check_error(answer, caller, 504, "request_timeout", "timeout_error")
            log.outcome(answer, "timeout")
    # On a busy machine some never came as far as the backend.
    upstream.wait_for(lambda _: all(one["caller_left"] for one in upstream.requests("POST")))


PINGS = b": still here\n\n".decode()


@every_dialect
def test_comments_are_no_event(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    upstream.script(events=[{"raw": PINGS}] * 400, delay_ms=50, no_terminator=True)
    answer = put(gateway, caller, question(caller, "hasty-chat"))
    check_error(answer, caller, 504, "request_timeout", "timeout_error")


REFUSALS = {
    "chat": {"error": {"message": "No.", "type": "bad", "param": "top_p", "code": "odd"}},
    "messages": {"type": "error", "error": {"type": "invalid_request_error", "message": "No."}},
    "responses": {"error": {"message": "No.", "type": "bad", "param": "top_p", "code": "odd"}},
    "gemini": {"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT"}},
}


@pytest.mark.parametrize("status", [400, 402, 404, 409, 413, 422, 429])
@streaming
@every_backend
@every_dialect
def test_a_backends_refusal_keeps_its_status_and_words(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    to: str,
    stream: bool,
    status: int,
) -> None:
    upstream.script(status=status, json=REFUSALS[to], headers={"retry-after": "17"})
    answer = put(gateway, caller, question(caller, to, stream))
    assert answer.status == status
    assert answer.headers["retry-after"] == "17"
    told = answer.json["error"]
    assert told["message"] == "No."
    if caller == to:
        assert answer.json == REFUSALS[to]
    elif caller != "messages" and to in ("chat", "responses"):
        assert (told["code"], told["param"]) == ("odd", "top_p")
    else:
        assert isinstance(told["type"], str)
    log.outcome(answer, "upstream_error")
    assert len(upstream.requests("POST")) == 1


@pytest.mark.parametrize("status", [401, 403])
@every_backend
@every_dialect
def test_a_refused_credential_of_ours_is_not_the_callers(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, to: str, status: int
) -> None:
    words = {"error": {"message": f"Incorrect API key provided: {BACKEND_KEY}", "code": "x"}}
    upstream.script(status=status, json=words)
    answer = put(gateway, caller, question(caller, to))
    message = check_error(answer, caller, 502, "upstream_auth", "api_error")
    assert BACKEND_KEY.encode() not in answer.body
    log.outcome(answer, "upstream_error", error_message=message)


@pytest.mark.parametrize("status", [503, 529])
@every_dialect
def test_an_overloaded_backend(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, status: int
) -> None:
    upstream.script(status=status, json={"error": {"message": "Busy."}})
    answer = put(gateway, caller, question(caller, "chat"))
    assert check_error(answer, caller, 503, "overloaded", "overloaded_error") == "Busy."
