"""From a matched route to the trunk."""

import asyncio

import msgspec

from headgate.dialects.table import DIALECTS
from headgate.pipeline.snapshot import Snapshot
from headgate.server.downstream import Downstream
from headgate.server.inference import read_headers, serve_inference
from headgate.server.interface import Message
from tests.pipeline.fakes import Scene, reply
from tests.server.test_downstream import Caller, piece


def test_names_are_lower_case_and_values_are_kept() -> None:
    raw = [(b"Content-Type", b"a/b"), (b"X-Odd", b"\xe9")]
    assert read_headers(raw) == {"content-type": "a/b", "x-odd": "é"}


def test_of_a_repeated_header_the_last_counts() -> None:
    assert read_headers([(b"a", b"1"), (b"A", b"2")]) == {"a": "2"}


def test_a_list_that_is_repeated_is_one_list() -> None:
    raw = [(b"anthropic-beta", b"a"), (b"anthropic-beta", b"b,c")]
    assert read_headers(raw) == {"anthropic-beta": "a,b,c"}


async def test_an_exchange_is_made_and_carried_out() -> None:
    scene = Scene(reply())
    caller = Caller(piece(scene.downstream._body), headers=[(b"x-session-id", b"s")])
    caller.scope["path"] = "/v1/chat/completions"
    await serve_inference(scene.gateway, DIALECTS["chat"], caller.scope, caller.downstream)
    head, body = caller.sent
    assert head["status"] == 200
    assert (b"x-request-id", b"req_" + scene.gateway.mint().encode()) in head["headers"]
    assert msgspec.json.decode(body["body"])["choices"][0]["message"]["content"] == "Hello there"
    assert scene.notes.closed == [(200, "complete")]


async def test_the_configuration_of_the_beginning_is_kept() -> None:
    scene = Scene(reply())
    caller = Caller()
    caller.scope["path"] = "/v1/chat/completions"

    async def change_everything() -> Message:
        if scene.gateway.snapshot == Snapshot():
            await asyncio.Event().wait()
        scene.gateway.snapshot = Snapshot()
        return piece(scene.downstream._body)

    downstream = Downstream(caller.scope, change_everything, caller._take)
    await serve_inference(scene.gateway, DIALECTS["chat"], caller.scope, downstream)
    downstream.close()
    assert caller.sent[0]["status"] == 200
