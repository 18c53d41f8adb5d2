"""Exchanges at the endpoints beside the conversations, from top to bottom."""

import json
from typing import Any

import pytest

from headgate.dialects.endpoints import find
from headgate.pipeline.snapshot import Settings
from headgate.routing.target import Route, Target
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, error_in, reply, route
from tests.pipeline.samples import JSON

SOUND = {"content-type": "audio/mpeg"}
PICTURES = b'{"created":1,"data":[{"b64_json":"QQ=="}]}'


def scene(path: str, *plans: Plan, settings: Settings | None = None, **said: Any) -> Scene:
    body = json.dumps({"model": "fast", **said}).encode()
    made = Scene(*plans, body=body, settings=settings, routes=(route("one", retries=0),))
    dialect = find(path)
    assert dialect is not None
    assert dialect.caller is not None
    made.exchange.endpoint, made.exchange.dialect = path, dialect
    made.exchange.caller = dialect.caller
    return made


async def test_json_passes_as_it_came() -> None:
    odd = b'{ "object":"list", "data":[ ], "usage":{"prompt_tokens":3,"total_tokens":3} }'
    made = scene("/v1/embeddings", reply(odd), input="x")
    caller = await made.run()
    assert (caller.body, made.outcome) == (odd, "complete")
    assert made.upstream.calls[0].url == "http://one.test/v1/embeddings"
    assert made.upstream.calls[0].body == b'{"model": "one-model", "input": "x"}'


async def test_sound_passes_in_the_pieces_that_it_came_in() -> None:
    answer = FakeAnswer(b"ID3", b"\x00\xff", headers={**SOUND, "content-length": "5"})
    caller = await scene("/v1/audio/speech", answer, input="x").run()
    assert caller.pieces == [b"ID3", b"\x00\xff"]
    assert (caller.headers["content-type"], caller.headers["content-length"]) == ("audio/mpeg", "5")
    assert caller.ending == "finished"
    assert answer.closed == 1


async def test_sound_that_breaks_off_cuts_the_caller_off() -> None:
    made = scene("/v1/audio/speech", FakeAnswer(b"ID3", headers=SOUND, then="break"), input="x")
    caller = await made.run()
    assert (caller.ending, made.outcome) == ("aborted", "truncated")


async def test_sound_that_never_began_is_tried_elsewhere() -> None:
    targets = (Target("one", "a"), Target("two", "b", priority=1))
    made = Scene(
        FakeAnswer(headers=SOUND, then="break"),
        FakeAnswer(b"ID3", headers=SOUND),
        body=b'{"model":"fast","input":"x"}',
        backends=(backend("one"), backend("two")),
        routes=(Route(name="fast", targets=targets, strategy="priority"),),
    )
    dialect = find("/v1/audio/speech")
    assert dialect is not None
    assert dialect.caller is not None
    made.exchange.dialect, made.exchange.caller = dialect, dialect.caller
    assert (await made.run()).body == b"ID3"
    assert made.settled == ["upstream_error", "complete"]


async def test_nothing_at_all_is_an_empty_reply_of_bytes() -> None:
    made = scene("/v1/audio/speech", FakeAnswer(headers=SOUND), input="x")
    caller = await made.run()
    assert (caller.status, caller.body, caller.ending) == (200, b"", "finished")


async def test_a_page_is_no_reply() -> None:
    for path in ("/v1/audio/speech", "/v1/embeddings"):
        page = FakeAnswer(b"<html>oops</html>", headers={"content-type": "text/html"})
        assert error_in(await scene(path, page, input="x").run())["code"] == "upstream_error"


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        (FakeAnswer(PICTURES, headers=JSON, held=True), b"data: " + PICTURES + b"\n\n"),
        (FakeAnswer(b"ID3", headers=SOUND, held=True), b'"code":"upstream_error"}}\n\n'),
    ],
    ids=["json", "bytes"],
)
async def test_what_comes_behind_a_heartbeat_comes_as_a_stream(
    answer: FakeAnswer, last: bytes
) -> None:
    path = "/v1/images/generations" if answer.headers is JSON else "/v1/audio/speech"
    made = scene(
        path,
        answer,
        settings=Settings(heartbeat_s=0.3),
        prompt="x",
        input="x",
        stream=True,
        stream_format="sse",
    )
    running = await made.run_until(made.downstream.told)
    answer.go.set()
    caller = await running
    assert caller.pieces[0] == b": keep-alive\n\n"
    assert caller.body.endswith(last)


async def test_a_count_needs_no_backend_where_none_counts() -> None:
    made = scene("/v1/messages/count_tokens", messages=[{"role": "user", "content": "Hello"}])
    caller = await made.run()
    assert json.loads(caller.body)["input_tokens"] > 0
    assert caller.headers["x-headgate-estimated"] == "true"
    assert (made.upstream.calls, made.outcome) == ([], "complete")


async def test_a_backend_out_of_reach_is_an_error_in_openais_words() -> None:
    made = scene("/v1/rerank", TargetUnreachable("refused"), query="x", documents=[])
    caller = await made.run()
    assert (caller.status, error_in(caller)["code"]) == (502, "upstream_error")
