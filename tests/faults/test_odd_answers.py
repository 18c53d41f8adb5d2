"""Answers in a form that nobody asked for, and streams in every form that SSE allows."""

import contextlib
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, PATHS, Answer, Line, ask, question, request
from tests.faults.raw_backend import RawBackend
from tests.faults.serving import backend, model, over, serving
from tests.faults.streams import FRAMES, RESPONSE, raw, text_of
from tests.faults.told import LAST_WORDS, TRUNCATED, check_broken, check_error

BACKENDS = ("chat", "messages", "responses", "gemini")

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
every_backend = pytest.mark.parametrize("to", BACKENDS)

MESSAGE = {"role": "assistant", "content": "Hello"}
ITEM = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
}
REPLIES: dict[str, dict[str, Any]] = {
    "chat": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "mock-1",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        "vendor_note": {"kept": True},
    },
    "messages": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "mock-1",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 2},
        "vendor_note": {"kept": True},
    },
    "responses": {
        **RESPONSE,
        "status": "completed",
        "output": [ITEM],
        "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
    },
    "gemini": {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}
        ],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
        "modelVersion": "mock-1",
    },
}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "usage_source": "provider"}


def broken_bodies() -> dict[str, bytes]:
    """Two events of a chat stream in bodies that do not end as their framing wants."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    begun = b"".join(FRAMES["chat"][:2])
    chunk = b"%x\r\n%b\r\n" % (len(begun), begun)
    packed = gzip.compress(begun * 3)
    return {
        "bad-chunk": head + b"transfer-encoding: chunked\r\n\r\n" + chunk + b"zz\r\nxx",
        "no-last-chunk": head + b"transfer-encoding: chunked\r\n\r\n" + chunk,
        "too-short": head + b"content-length: 99999\r\n\r\n" + begun,
        "until-the-close": head + b"connection: close\r\n\r\n" + begun,
        "half-a-gzip": head + b"content-encoding: gzip\r\nconnection: close\r\n\r\n" + packed[:-9],
    }


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    with contextlib.ExitStack() as odd:
        for name, answer in broken_bodies().items():
            url = odd.enter_context(RawBackend(answer)).url
            config["backends"][name] = backend(url, "chat")
            config["models"][name] = model(name)
        yield odd.enter_context(serving(config))


def text_in(caller: str, reply: dict[str, Any]) -> str:
    """The text of a whole reply."""
    if caller == "chat":
        return str(reply["choices"][0]["message"]["content"])
    if caller == "messages":
        return str(reply["content"][0]["text"])
    return str(reply["output"][0]["content"][0]["text"])


def wanted(caller: str) -> bytes:
    """The stream of the caller's own dialect as it is relayed to who did not ask for usage."""
    hidden = FRAMES["chat"][4] if caller == "chat" else b""
    return b"".join(FRAMES[caller]).replace(hidden, b"")


def payloads(dialect: str) -> list[Any]:
    """The stream's payloads, for the scripted upstream to frame."""
    datas = [frame.partition(b"data: ")[2].strip() for frame in FRAMES[dialect]]
    return [data.decode() if data == b"[DONE]" else json.loads(data) for data in datas]


def is_whole(caller: str, answer: Answer) -> bool:
    return (
        answer.ended == "clean"
        and answer.body.count(LAST_WORDS[caller]) == 1
        and text_of(caller, answer.body) == "Hello"
    )


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@every_backend
@every_dialect
def test_a_whole_reply_is_json_whatever_was_asked_for(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    to: str,
    stream: bool,
    status: int,
) -> None:
    upstream.script(json=REPLIES[to], status=status)
    answer = ask(gateway.url, caller, question(caller, to, stream))
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert text_in(caller, answer.json) == "Hello"
    if caller == to:
        assert answer.body == json.dumps(REPLIES[to], separators=(",", ":")).encode()
    log.outcome(answer, "complete", **USAGE)


@every_dialect
def test_json_that_is_no_reply_passes_in_its_own_dialect(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(json={"queued": True}, status=202)
    answer = ask(gateway.url, caller, question(caller, caller))
    assert (answer.status, answer.json) == (202, {"queued": True})


@every_dialect
def test_an_error_under_a_good_status_is_an_error(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(json={"error": {"message": "Oh.", "type": "server_error", "code": "busy"}})
    answer = ask(gateway.url, caller, question(caller, "chat", stream=False))
    assert check_error(answer, caller, 502, "busy", "api_error") == "Oh."
    log.outcome(answer, "upstream_error")


@every_backend
@every_dialect
def test_a_stream_that_nobody_asked_for_is_told_as_one_reply(
    gateway: Gateway, upstream: ScriptedUpstream, log: Expected, caller: str, to: str
) -> None:
    sent = b"".join(FRAMES[to]).decode()
    upstream.script(garbage=sent, headers={"content-type": "text/event-stream"})
    answer = ask(gateway.url, caller, question(caller, to, stream=False))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert text_in(caller, answer.json) == "Hello"
    log.outcome(answer, "complete", **USAGE)


@every_dialect
def test_a_broken_stream_that_nobody_asked_for_is_an_error(
    gateway: Gateway, upstream: ScriptedUpstream, caller: str
) -> None:
    sent = b"".join(FRAMES["chat"][:3]).decode()
    upstream.script(garbage=sent, headers={"content-type": "text/event-stream"})
    answer = ask(gateway.url, caller, question(caller, "chat", stream=False))
    check_error(answer, caller, 502, "upstream_truncated", "api_error")


@pytest.mark.parametrize("chunk_bytes", [None, 1, 7])
@every_backend
@every_dialect
def test_a_compressed_stream_is_unpacked(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str, chunk_bytes: int | None
) -> None:
    cut = {"chunk_bytes": chunk_bytes} if chunk_bytes else {}
    upstream.script(**raw(*FRAMES[to]), gzip=True, **cut)
    answer = ask(gateway.url, caller, question(caller, to))
    assert "content-encoding" not in answer.headers
    assert is_whole(caller, answer)
    if caller == to:
        assert answer.body == wanted(caller)
    (asked,) = upstream.requests("POST")
    assert asked["headers"]["accept-encoding"] == "identity"


@every_dialect
def test_a_compressed_reply_is_unpacked(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(json=REPLIES[caller], gzip=True)
    answer = ask(gateway.url, caller, question(caller, caller, stream=False))
    assert "content-encoding" not in answer.headers
    assert answer.json == REPLIES[caller]


@pytest.mark.parametrize("newline", ["lf", "crlf", "cr"])
@pytest.mark.parametrize("chunk_bytes", [None, 1, 2, 3, 7, 64])
@every_dialect
def test_where_the_bytes_are_cut_and_how_lines_end_does_not_matter(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    caller: str,
    newline: str,
    chunk_bytes: int | None,
) -> None:
    cut = {"chunk_bytes": chunk_bytes} if chunk_bytes else {}
    upstream.script(events=payloads(caller), newline=newline, **cut)
    answer = ask(gateway.url, caller, question(caller, caller))
    ends = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
    assert answer.body == wanted(caller).replace(b"\n", ends[newline])


@pytest.mark.parametrize("newline", ["lf", "crlf", "cr"])
@pytest.mark.parametrize("chunk_bytes", [None, 1, 7])
@every_backend
@every_dialect
def test_nor_does_it_to_a_translation(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    caller: str,
    to: str,
    newline: str,
    chunk_bytes: int | None,
) -> None:
    if caller == to:
        pytest.skip("nothing is translated")
    cut = {"chunk_bytes": chunk_bytes} if chunk_bytes else {}
    upstream.script(events=payloads(to), newline=newline, **cut)
    assert is_whole(caller, ask(gateway.url, caller, question(caller, to)))


@pytest.mark.parametrize("newline", ["lf", "crlf", "cr"])
@every_backend
@every_dialect
def test_the_last_event_may_lack_its_blank_line(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, to: str, newline: str
) -> None:
    upstream.script(events=payloads(to), newline=newline, no_final_blank_line=True)
    answer = ask(gateway.url, caller, question(caller, to))
    body = answer.body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert body.endswith(b"\n\n")
    assert body.count(LAST_WORDS[caller]) == 1
    if caller == to:
        assert body == wanted(caller)
    log.outcome(answer, "complete")


@every_dialect
def test_what_is_no_event_passes_too(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    first, *rest = FRAMES[caller]
    odd = (
        b": a comment\n\n",
        b"id: 7\nretry: 10\n\n",
        b'event: vendor.extra\nid: 8\ndata: {"type":"vendor.extra",\ndata:"x":1}\n\n',
        b'data:{"type":"vendor.tight"}\n\n' if caller != "chat" else b"",
    )
    upstream.script(**raw(first, *odd, *rest))
    answer = ask(gateway.url, caller, question(caller, caller))
    assert answer.body == wanted(caller).replace(first, first + b"".join(odd))


@every_backend
@every_dialect
def test_a_byte_order_mark_is_no_harm(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str
) -> None:
    first, *rest = FRAMES[to]
    upstream.script(**raw(b"\xef\xbb\xbf" + first, *rest))
    answer = ask(gateway.url, caller, question(caller, to))
    assert answer.body.count(LAST_WORDS[caller]) == 1
    assert text_of(caller, answer.body.removeprefix(b"\xef\xbb\xbf")) == "Hello"


@every_backend
@every_dialect
def test_a_mislabelled_stream_is_a_stream(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, to: str
) -> None:
    upstream.script(**raw(*FRAMES[to]), headers={"content-type": "application/json"})
    answer = ask(gateway.url, caller, question(caller, to))
    assert answer.headers["content-type"] == "text/event-stream"
    assert is_whole(caller, answer)


@every_dialect
def test_letters_of_many_bytes_may_be_cut(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(text="Grüße, 世界 🌍", chunk_bytes=1)
    for to in BACKENDS:
        answer = ask(gateway.url, caller, question(caller, to))
        assert text_of(caller, answer.body) == "Grüße, 世界 🌍"


@every_dialect
def test_a_large_event_passes(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    large = "x" * 3_000_000
    upstream.script(text=[large])
    answer = ask(gateway.url, caller, question(caller, caller))
    assert text_of(caller, answer.body) == large


@every_dialect
def test_the_head_of_a_stream(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    upstream.script(
        **raw(*FRAMES[caller]), headers={"set-cookie": "a=b", "server": "x", "x-ratelimit-a": "5"}
    )
    with Line(gateway.url) as line:
        accepting = {"accept_encoding": "gzip, br", "accept": "text/event-stream"}
        line.send(request(PATHS[caller], question(caller, caller), **accepting))
        answer = line.answer()
    headers = {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "connection": "keep-alive",
        "x-accel-buffering": "no",
        "x-headgate-backend": caller,
        "x-headgate-model": "mock",
        "x-headgate-attempts": "1",
        "x-ratelimit-a": "5",
    }
    assert answer.headers.items() >= headers.items()
    assert not {"set-cookie", "server", "content-encoding"} & answer.headers.keys()
    assert answer.body == wanted(caller)


@pytest.mark.parametrize("how", broken_bodies())
@every_dialect
def test_a_body_that_breaks_its_framing_is_truncated(
    gateway: Gateway, caller: str, how: str
) -> None:
    answer = ask(gateway.url, caller, question(caller, how))
    if how == "bad-chunk" and answer.status == 502:
        return  # the nonsense came with the head and spoiled it
    types = {"chat": "server_error", "messages": "api_error", "responses": "server_error"}
    before = check_broken(caller, answer.body, TRUNCATED, "upstream_truncated", types)
    assert "Hel" in text_of(caller, before)
