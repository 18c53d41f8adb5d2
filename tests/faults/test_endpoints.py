"""What can go wrong at the endpoints beside the conversations, and who may ask there."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typing_extensions import override

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import newest, row_of
from tests.faults.caller import Answer, Line, request
from tests.faults.listening import Listening
from tests.faults.serving import backend, model, serving

SOUND = bytes(range(256)) * 400
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-disposition: attachment\r\n"


class Scripted(Listening):
    """A backend below HTTP: for each connection, once the request is there, it runs ``play``."""

    def __init__(self) -> None:
        self.play: Callable[[socket.socket], None] = lambda peer: None
        self.go = threading.Event()
        self.left = threading.Event()
        super().__init__()

    @override
    def meet(self, peer: socket.socket) -> None:
        peer.settimeout(10.0)
        heard = b""
        while b"\r\n\r\n" not in heard or not heard.endswith(b"}"):
            data = peer.recv(65536)
            assert data, "who asked left"
            heard += data
        self.play(peer)


@pytest.fixture(scope="module")
def sound() -> Iterator[Scripted]:
    with Scripted() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, sound: Scripted, closed: str) -> Iterator[Gateway]:
    haste = {"first_event": "200ms", "idle": "200ms", "total": "400ms"}
    config = {
        "server": {"heartbeat": 0, "max_body": "20kB"},
        "backends": {
            "up": backend(upstream.url, "chat"),
            "gone": backend(closed, "chat"),
            "hasty": backend(upstream.url, "chat", timeouts=haste),
            "claude": backend(upstream.url, "messages"),
            "azure": backend(
                upstream.url,
                "chat",
                paths={"/v1/embeddings": "/openai/deployments/{model}/embeddings?api-version=1"},
            ),
            "sound": backend(sound.url, "chat"),
            "priced": backend(upstream.url, "chat", prices={"*": {"input": 1000, "output": 0}}),
        },
        "models": {
            "up": model("up"),
            "fallback": model("gone", "up", retries=1),
            "mixed": model("claude", "up", retries=1),
            "hasty": model("hasty"),
            "claude": model("claude"),
            "azure": model("azure", there="embed-3"),
            "sound": model("sound"),
            "priced": model("priced", there="mock-1"),
        },
        "rewrites": [{"source": "text-embedding-3-small", "target": "up"}],
        "users": [
            {"name": "all", "api_key": "key-of-everybody", "backends": "*"},
            {
                "name": "one",
                "api_key": "key-of-one-model-only",
                "backends": "*",
                "models": ["up"],
                "detail_logging": True,
            },
            {
                "name": "few",
                "api_key": "key-with-few-requests",
                "backends": "*",
                "limits": {"requests_per_day": 2, "tokens_per_day": 1000},
            },
            {"name": "none", "api_key": "key-of-nobody-at-all"},
        ],
    }
    with serving(config) as gateway:
        yield gateway


def ask(gateway: Gateway, path: str, key: str = "key-of-everybody", **said: Any) -> Answer:
    with Line(gateway.url) as line:
        line.send(request(path, json.dumps(said).encode(), authorization=f"Bearer {key}"))
        return line.answer()


def embed(gateway: Gateway, name: str, **more: Any) -> Answer:
    return ask(gateway, "/v1/embeddings", **{"model": name, "input": "Hello there", **more})


def code(answer: Answer) -> str:
    return str(answer.json["error"]["code"])


# --- who may ask ---


def test_keys_and_permissions_hold_as_everywhere(gateway: Gateway) -> None:
    assert embed(gateway, "up", key="wrong-key-of-somebody").status == 401
    assert embed(gateway, "up", key="key-of-nobody-at-all").status == 403
    assert embed(gateway, "fallback", key="key-of-one-model-only").status == 404
    assert embed(gateway, "up", key="key-of-one-model-only").status == 200


def test_requests_and_tokens_are_limited_and_counting_uses_no_tokens(gateway: Gateway) -> None:
    key = "key-with-few-requests"
    asked: Any = {"messages": [{"role": "user", "content": "x" * 8000}]}
    counted = ask(gateway, "/v1/messages/count_tokens", key, model="up", **asked)
    assert counted.status == 200
    assert counted.headers["anthropic-ratelimit-tokens-remaining"] == "1000"
    assert counted.headers["anthropic-ratelimit-requests-remaining"] == "1"
    second = embed(gateway, "up", key=key, input="x" * 400)
    assert second.headers["x-ratelimit-remaining-tokens"] == "900"
    third = embed(gateway, "up", key=key)
    assert (third.status, code(third)) == (429, "rate_limit_exceeded")


def test_rewrites_hold(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    got = embed(gateway, "text-embedding-3-small")
    assert got.headers["x-headgate-model"] == "mock"
    assert upstream.requests("POST")[0]["body"]["model"] == "mock"


def test_a_backend_may_have_the_endpoint_elsewhere(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    embed(gateway, "azure")
    asked = upstream.requests("POST")[0]
    assert asked["path"] == "/openai/deployments/embed-3/embeddings"
    assert asked["query"] == "api-version=1"


def test_a_method_or_a_path_that_is_none_is_said(gateway: Gateway) -> None:
    with Line(gateway.url) as line:
        line.send(request("/v1/embeddings", b"", method="GET"))
        assert line.answer().status == 405
    assert ask(gateway, "/v1/embeddings/more", model="up").status == 404
    assert ask(gateway, "/v1/audio/../models", model="up").status == 404


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/audio/speech", "/v1/rerank"])
@pytest.mark.parametrize(
    ("body", "param"), [(b"{", None), (b"{}", "model"), (b'{"model":"a","model":"b"}', "model")]
)
def test_bodies_that_are_none_are_refused_by_name(
    gateway: Gateway, path: str, body: bytes, param: str | None
) -> None:
    with Line(gateway.url) as line:
        line.send(request(path, body, authorization="Bearer key-of-everybody"))
        got = line.answer()
    assert (got.status, got.json["error"]["param"]) == (400, param)


def test_a_body_over_the_bound_is_refused(gateway: Gateway) -> None:
    assert embed(gateway, "up", input="x" * 30_000).status == 413


# --- attempts ---


def test_a_backend_that_cannot_be_reached_is_followed_by_the_next(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    got = embed(gateway, "fallback")
    assert got.status == 200
    assert (got.headers["x-headgate-backend"], got.headers["x-headgate-attempts"]) == ("up", "2")


def test_of_a_models_backends_those_are_asked_that_serve_the_endpoint(gateway: Gateway) -> None:
    got = embed(gateway, "mixed")
    assert (got.status, got.headers["x-headgate-attempts"]) == (200, "1")
    got = embed(gateway, "claude")
    assert (got.status, got.json["error"]["param"]) == (400, "model")
    assert "chat or responses" in got.json["error"]["message"]


def test_a_backends_own_refusal_passes(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    error = {"message": "There is nothing here.", "type": "t", "param": None, "code": "unknown_url"}
    upstream.script(status=404, json={"error": error})
    got = embed(gateway, "up")
    assert (got.status, got.json) == (404, {"error": error})
    assert row_of(gateway, got.id)["outcome"] == "upstream_error"


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ({"status": 500}, 502),
        ({"status": 401}, 502),
        ({"status": 429, "headers": {"retry-after": "7"}}, 429),
        ({"garbage": True}, 502),
        ({"json": "no object", "headers": {"content-type": "text/html"}, "garbage": "<html>"}, 502),
    ],
)
def test_what_goes_wrong_there_is_told_in_openais_words(
    gateway: Gateway, upstream: ScriptedUpstream, script: dict[str, Any], status: int
) -> None:
    upstream.script(**script)
    got = embed(gateway, "up")
    assert got.status == status
    assert got.json["error"]["message"]
    if "headers" in script and status == 429:
        assert got.headers["retry-after"] == "7"


def test_a_backend_that_does_not_answer_in_time_is_given_up(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    upstream.script(delay_headers_ms=60_000)
    got = embed(gateway, "hasty")
    assert (got.status, code(got)) == (504, "request_timeout")


def test_a_count_is_estimated_where_a_backend_has_none(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    upstream.script(status=404, json={"error": {"message": "no", "type": "not_found_error"}})
    asked: Any = {"messages": [{"role": "user", "content": "Hello there"}]}
    got = ask(gateway, "/v1/messages/count_tokens", model="claude", **asked)
    assert (got.status, got.headers["x-headgate-estimated"]) == (200, "true")
    assert got.json["input_tokens"] > 0
    upstream.script(status=529, json={"type": "error", "error": {"type": "overloaded_error"}})
    got = ask(gateway, "/v1/messages/count_tokens", model="claude", **asked)
    assert (got.status, got.json["type"]) == (529, "error")


def test_prices_of_the_operators_own_count(gateway: Gateway) -> None:
    got = embed(gateway, "priced", input="one two three")
    assert row_of(gateway, got.id)["cost_usd"] == pytest.approx(0.003)


def test_bodies_are_kept_where_they_are_to_be(gateway: Gateway) -> None:
    got = embed(gateway, "up", key="key-of-one-model-only")
    row = row_of(gateway, got.id)
    assert json.loads(row["request_body"])["input"] == "Hello there"
    assert json.loads(row["response_body"])["object"] == "list"


# --- sound ---


def speak(gateway: Gateway) -> Line:
    line = Line(gateway.url)
    body = json.dumps({"model": "sound", "input": "Hello", "voice": "alloy"}).encode()
    line.send(request("/v1/audio/speech", body, authorization="Bearer key-of-everybody"))
    return line


def test_sound_comes_piece_by_piece_as_it_is_made(gateway: Gateway, sound: Scripted) -> None:
    sound.go.clear()

    def play(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        peer.sendall(b"5\r\nfirst\r\n")
        sound.go.wait(10)
        peer.sendall(b"6\r\nsecond\r\n0\r\n\r\n")

    sound.play = play
    with speak(gateway) as line:
        status, headers = line.head()
        assert (status, headers["content-type"]) == (200, "audio/mpeg")
        assert headers["content-disposition"] == "attachment"
        assert line.chunk() == b"first"  # the second is not made yet
        sound.go.set()
        assert line.chunk() == b"second"
        assert line.rest() == "clean"
    row = row_of(gateway, headers["x-request-id"])
    assert (row["outcome"], row["endpoint"]) == ("complete", "/v1/audio/speech")


@pytest.mark.parametrize("chunked", [False, True])
def test_sound_that_breaks_off_never_looks_whole(
    gateway: Gateway, sound: Scripted, chunked: bool
) -> None:
    framing = b"transfer-encoding: chunked" if chunked else b"content-length: 100000"
    begun = b"3e8\r\n" + b"x" * 1000 + b"\r\n" if chunked else b"x" * 1000
    sound.play = lambda peer: peer.sendall(HEAD + framing + b"\r\n\r\n" + begun)
    with speak(gateway) as line:
        status, headers = line.head()
        assert status == 200
        if chunked:
            assert line.rest() == "broken"
        else:
            with pytest.raises(ConnectionError):
                line._exactly(int(headers["content-length"]))
    row = row_of(gateway, headers["x-request-id"])
    assert row["outcome"] == "truncated"


def test_sound_that_breaks_off_before_it_begins_is_an_error(
    gateway: Gateway, sound: Scripted
) -> None:
    sound.play = lambda peer: peer.sendall(HEAD + b"content-length: 1000\r\n\r\n")
    with speak(gateway) as line:
        got = line.answer()
    assert (got.status, code(got)) == (502, "upstream_error")


def test_who_leaves_in_the_middle_of_sound_takes_the_backend_along(
    gateway: Gateway, sound: Scripted
) -> None:
    sound.left.clear()

    def play(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"content-length: 100000\r\n\r\nfirst")
        try:
            while peer.recv(100):
                pass
        except ConnectionError:
            pass
        sound.left.set()

    sound.play = play
    with speak(gateway) as line:
        line.head()
        assert line._exactly(5) == b"first"
    assert sound.left.wait(20.0)
    row = newest(gateway, lambda row: row["outcome"] == "client_closed")
    assert row["endpoint"] == "/v1/audio/speech"


def test_sound_is_not_kept_in_the_log(gateway: Gateway, sound: Scripted) -> None:
    length = b"content-length: %d\r\n\r\n" % len(SOUND)
    sound.play = lambda peer: peer.sendall(HEAD + length + SOUND)
    with speak(gateway) as line:
        got = line.answer()
    assert got.body == SOUND
    assert row_of(gateway, got.id)["response_body"] is None
