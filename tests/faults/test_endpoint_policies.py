"""Policies at the endpoints beside the conversations: they see what callers say there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import Answer, Line, request
from tests.faults.forms import END, form, head, opening, plain
from tests.faults.serving import backend, model, serving

SECRET = "write to ann@example.com"
HIDDEN = "write to [EMAIL]"


def entry(name: str, policy: str, **keys: Any) -> dict[str, Any]:
    """An entry that is in force where a request asks for it by header."""
    return {"policy": policy, "name": name, "when": {"header": {"x-policy": [name]}}, **keys}


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = {
        "server": {"heartbeat": 0},
        "backends": {"up": backend(upstream.url, "chat")},
        "models": {"up": model("up")},
        "policies": {
            "chain": [
                entry("both", "redact", patterns=["email"]),
                entry("asked", "redact", patterns=["email"], apply_to=["request"]),
                entry("words", "block", words=["forbidden"], apply_to=["request"]),
                entry("adds", "inject_system", text="Answer in English."),
            ]
        },
    }
    with serving(config) as gateway:
        yield gateway


def ask(gateway: Gateway, policy: str, path: str, **said: Any) -> Answer:
    with Line(gateway.url) as line:
        line.send(request(path, json.dumps({"model": "up", **said}).encode(), x_policy=policy))
        return line.answer()


def send(gateway: Gateway, policy: str, body: bytes) -> Answer:
    with Line(gateway.url) as line:
        line.send(head("/v1/audio/transcriptions", len(body), x_policy=policy) + body)
        return line.answer()


@pytest.mark.parametrize("policy", ["both", "asked"])
def test_what_is_said_is_changed_where_it_stands(
    gateway: Gateway, upstream: ScriptedUpstream, policy: str
) -> None:
    said: Any = {"input": [SECRET, "x", [1, 2]], "dimensions": 4, "unknown": {"a": 1}}
    assert ask(gateway, policy, "/v1/embeddings", **said).status == 200
    assert upstream.requests("POST")[0]["body"] == {
        "model": "mock",
        **said,
        "input": [HIDDEN, "x", [1, 2]],
    }


def test_what_they_leave_alone_keeps_its_bytes(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    assert ask(gateway, "both", "/v1/rerank", query="a", documents=["b"]).status == 200
    assert upstream.requests("POST")[0]["body"]["documents"] == ["b"]


def test_what_they_refuse_reaches_no_backend(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    for path, field in (
        ("/v1/embeddings", "input"),
        ("/v1/images/generations", "prompt"),
        ("/v1/audio/speech", "input"),
        ("/v1/completions", "prompt"),
    ):
        got = ask(gateway, "words", path, **{field: "a forbidden thing"})
        assert (got.status, got.json["error"]["code"]) == (403, "policy_violation")
    assert upstream.requests("POST") == []


def test_text_is_not_made_where_they_could_not_see_it(gateway: Gateway) -> None:
    refused = ask(gateway, "both", "/v1/completions", prompt="x")
    assert refused.status == 403
    assert "/v1/chat/completions" in refused.json["error"]["message"]
    assert ask(gateway, "asked", "/v1/completions", prompt="x").status == 200


def test_what_an_endpoint_cannot_carry_is_refused(gateway: Gateway) -> None:
    got = ask(gateway, "adds", "/v1/embeddings", input="x")
    assert (got.status, got.json["error"]["code"]) == (403, "policy_violation")
    assert "/v1/embeddings" in got.json["error"]["message"]


@pytest.mark.parametrize("size", [10, 900_000])
def test_the_fields_of_a_form_are_seen_wherever_they_stand(
    gateway: Gateway, upstream: ScriptedUpstream, size: int
) -> None:
    first = plain("model", "up") + opening() + b"x" * size + b"\r\n"
    assert send(gateway, "words", first + plain("prompt", "fine") + END[2:]).status == 200
    got = send(gateway, "words", first + plain("prompt", "forbidden") + END[2:])
    assert (got.status, got.json["error"]["code"]) == (403, "policy_violation")
    assert len(upstream.requests("POST")) == 1


def test_what_they_cannot_read_is_refused(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    for prompt in ([1, 2], [[1], [3]], ["fine", [1]], [["forbidden"]], [{"content": "x"}]):
        got = ask(gateway, "words", "/v1/completions", prompt=prompt)
        assert (got.status, got.json["error"]["param"]) == (403, "prompt")
    long = plain("prompt", "forbidden " + "x" * 300_000)
    for fields in ((long,), (plain("prompt", "fine"), long)):
        got = send(gateway, "words", form(b"x", "up", *fields))
        assert (got.status, got.json["error"]["code"]) == (403, "policy_violation")
    assert upstream.requests("POST") == []
    assert ask(gateway, "words", "/v1/embeddings", input=[1, 2]).status == 200


def test_a_form_that_they_would_change_is_refused(gateway: Gateway) -> None:
    got = send(gateway, "asked", form(b"x", "up", plain("prompt", SECRET)))
    assert (got.status, got.json["error"]["code"]) == (403, "policy_violation")
    assert send(gateway, "asked", form(b"x", "up", plain("prompt", "fine"))).status == 200


def test_tokens_are_counted_of_what_would_be_sent(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    asked: Any = {"messages": [{"role": "user", "content": "a forbidden thing"}]}
    got = ask(gateway, "words", "/v1/messages/count_tokens", **asked)
    assert (got.status, got.json["type"]) == (403, "error")
