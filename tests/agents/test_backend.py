"""An agent where the gateway calls it: in the process, as a backend."""

import asyncio
import json
from typing import Any

import pytest

from headgate.agents import create_app
from headgate.dialects.destination import Source
from headgate.dialects.table import DIALECTS
from headgate.model.events import Finished, TextDelta
from headgate.upstream.answer import Answer, Call
from headgate.upstream.local import LocalUpstream
from tests.agents.driver import PATHS, Pal, body_for

NAMES = dict(zip(PATHS, ("chat", "messages", "responses"), strict=True))


def call(path: str, **more: Any) -> Call:
    body = json.dumps(body_for(path, **more)).encode()
    headers = (("content-type", "application/json"), ("accept-encoding", "identity"))
    return Call(method="POST", url=path, headers=headers, body=body)


async def read_all(answer: Answer) -> bytes:
    pieces = []
    while piece := await answer.read():
        pieces.append(piece)
    answer.close()
    return b"".join(pieces)


@pytest.mark.parametrize("path", list(PATHS))
async def test_its_stream_is_read_by_the_gateways_own_reader(path: str) -> None:
    upstream = LocalUpstream(create_app(Pal("Hel", "lo"), model_name="pal"))
    answer = await upstream.send(call(path, stream=True))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    reader = DIALECTS[NAMES[path]].backend.open_reader(Source())
    events = reader.feed(await read_all(answer)) + reader.end()
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hel", "lo"]
    assert [event.reason for event in events if isinstance(event, Finished)] == ["end"]
    assert reader.finished
    assert reader.terminated


@pytest.mark.parametrize("path", list(PATHS))
async def test_its_failure_is_a_fault_with_its_words(path: str) -> None:
    upstream = LocalUpstream(create_app(Pal(error=LookupError("no")), model_name="pal"))
    answer = await upstream.send(call(path, stream=True))
    fault = DIALECTS[NAMES[path]].backend.read_error(answer.status, await read_all(answer))
    assert (fault.kind, fault.message) == ("upstream_error", "The agent failed to answer.")


async def test_a_dropped_answer_cancels_the_agent() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    agent = Pal("Half", after=never)
    upstream = LocalUpstream(create_app(agent, model_name="pal"))
    answer = await upstream.send(call("/v1/chat/completions", stream=True))
    assert b"Half" in await answer.read()
    answer.close()
    await agent.cancelled.wait()


async def test_its_model_list_is_asked_like_any_other() -> None:
    upstream = LocalUpstream(create_app(Pal(), model_name="helper"))
    answer = await upstream.send(Call(method="GET", url="/v1/models", headers=()))
    assert json.loads(await read_all(answer))["data"][0]["id"] == "helper"
