"""Responses in the background with the official client: polled, watched, resumed, cancelled."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.answers import BACKENDS
from tests.clients.serving import KEY
from tests.clients.serving import config as usual
from tests.faults.process import served, until
from tests.faults.serving import serving

BUSY = "key-of-one-at-a-time"
every_backend = pytest.mark.parametrize("backend", BACKENDS)
WORDS = "one two three four five six"


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = usual(upstream.url)
    limits = {"concurrent": 1}
    config["users"].append({"name": "busy", "api_key": BUSY, "backends": "*", "limits": limits})
    with serving(config) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with client_of(gateway.url) as client:
        yield client


def client_of(url: str, key: str = KEY) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=20.0)


def begin(client: openai.OpenAI, model: str, **asked: Any) -> Any:
    told = client.responses.create(model=model, input=WORDS, background=True, **asked)
    assert (told.status, told.background) == ("queued", True)
    return told


def awaited(client: openai.OpenAI, id_: str, wanted: Callable[[Any], bool]) -> Any:
    """The response as soon as it is as `wanted`."""

    def look() -> Any:
        found = client.responses.retrieve(id_)
        return found if wanted(found) else None

    return until(look)


def over(client: openai.OpenAI, id_: str) -> Any:
    return awaited(client, id_, lambda found: found.status not in ("queued", "in_progress"))


@every_backend
def test_a_response_is_polled_to_its_end(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str
) -> None:
    upstream.script(text=WORDS, stall_after=3)
    told = begin(client, backend)
    going_on = awaited(client, told.id, lambda found: found.status == "in_progress")
    assert going_on.id == told.id
    assert client.responses.cancel(told.id).status == "cancelled"
    upstream.wait_for(lambda request: request["caller_left"])
    upstream.reset()
    told = begin(client, backend)
    found = over(client, told.id)
    assert (found.status, found.output_text, found.id) == ("completed", WORDS, told.id)
    assert found.usage is not None
    asked = client.responses.create(model="chat", input="x", previous_response_id=told.id)
    assert asked.status == "completed"


@every_backend
def test_a_stream_is_resumed_where_its_caller_left(
    client: openai.OpenAI, upstream: ScriptedUpstream, backend: str
) -> None:
    upstream.script(text=WORDS, delay_ms=20)
    first: list[Any] = []
    stream = client.responses.create(model=backend, input=WORDS, background=True, stream=True)
    for event in stream:
        first.append(event)
        if event.type == "response.output_text.delta":
            break
    stream.close()
    kinds = [event.type.removeprefix("response.") for event in first[:3]]
    assert kinds == ["created", "queued", "in_progress"]
    id_, number = first[0].response.id, first[-1].sequence_number
    with client.responses.retrieve(id_, stream=True, starting_after=number) as resumed:
        events = [*first, *resumed]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == events[-1].response.output_text == WORDS
    with client.responses.retrieve(id_, stream=True) as replay:
        assert [event.type for event in replay] == [event.type for event in events]


def test_a_failure_is_told_as_that(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    upstream.script(text=WORDS, disconnect_after=3)
    found = over(client, begin(client, "chat").id)
    assert (found.status, found.error.code) == ("failed", "upstream_truncated")
    error = {"error": {"message": "Not like this.", "code": "bad"}}
    upstream.script(status=400, json=error)
    found = over(client, begin(client, "chat").id)
    assert (found.status, found.error.message) == ("failed", "Not like this.")


def test_only_what_is_in_the_background_can_be_cancelled(client: openai.OpenAI) -> None:
    told = client.responses.create(model="chat", input="x")
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(told.id)
    done = over(client, begin(client, "chat").id)
    assert client.responses.cancel(done.id).status == "completed"


def test_it_counts_against_what_its_caller_may_do_at_once(
    gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    upstream.script(text=WORDS, stall_after=2)
    with client_of(gateway.url, BUSY) as busy:
        told = begin(busy, "chat")
        with pytest.raises(openai.RateLimitError):
            busy.responses.create(model="chat", input="x", background=True)
        busy.responses.cancel(told.id)
        upstream.reset()
        until(lambda: _may(busy))


def _may(client: openai.OpenAI) -> bool:
    try:
        client.responses.create(model="chat", input="x")
    except openai.RateLimitError:
        return False
    return True


def test_it_is_booked_once(client: openai.OpenAI, gateway: Gateway) -> None:
    marked = "booked once and for all"
    told = client.responses.create(
        model="chat", input=WORDS, background=True, extra_headers={"x-session-id": marked}
    )
    over(client, told.id)
    database = gateway.data / "headgate.db"
    query = "SELECT outcome, status_code, attempts, total_tokens FROM exchanges WHERE session = ?"

    def rows() -> list[Any]:
        with sqlite3.connect(database) as connection:
            return connection.execute(query, (marked,)).fetchall()

    (row,) = until(rows)
    assert row[:3] == ("complete", 200, 1)
    assert row[3] > 0
    assert rows() == [row]


def test_a_restart_fails_what_was_being_made(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    config = usual(upstream.url)
    upstream.script(text=WORDS, stall_after=3)
    with served(tmp_path, config) as process, client_of(process.url) as client:
        told = begin(client, "chat")
        awaited(client, told.id, lambda found: found.status == "in_progress")
        process.signal(signal.SIGKILL)
        process.end()
    with served(tmp_path, config) as process, client_of(process.url) as client:
        found: Any = client.responses.retrieve(told.id)
        assert (found.status, found.error.code) == ("failed", "gateway_restarting")
        with client.responses.retrieve(told.id, stream=True) as replay:
            assert list(replay)[-1].type == "response.failed"


def test_a_drain_lets_it_finish(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    config = usual(upstream.url)
    upstream.script(text=WORDS, delay_ms=30)
    with served(tmp_path, config) as process, client_of(process.url) as client:
        told = begin(client, "chat")
        awaited(client, told.id, lambda found: found.status == "in_progress")
        process.signal(signal.SIGTERM)
        assert process.end() == 0
    with served(tmp_path, config) as process, client_of(process.url) as client:
        assert client.responses.retrieve(told.id).output_text == WORDS


def test_every_worker_knows_what_the_others_make(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    upstream.script(text=WORDS, stall_after=4)
    with served(tmp_path, usual(upstream.url), "--workers", "2") as process:
        told = _at(process.url, lambda client: begin(client, "chat"))
        deadline_s = time.monotonic() + 20.0
        seen = 0
        while seen < 8 and time.monotonic() < deadline_s:
            found = _at(process.url, lambda client: client.responses.retrieve(told.id))
            seen = seen + 1 if found.status == "in_progress" else 0
        assert seen == 8

        def is_cancelled() -> bool:
            cancelled = _at(process.url, lambda client: client.responses.cancel(told.id))
            return bool(cancelled.status == "cancelled")

        until(is_cancelled)  # another worker may take longer than it is waited for
        for _ in range(8):
            found = _at(process.url, lambda client: client.responses.retrieve(told.id))
            assert found.status == "cancelled"
        upstream.reset()
        previous: Any = None
        for _ in range(8):
            with client_of(process.url) as another:
                asked = another.responses.create(
                    model="chat", input="one", previous_response_id=previous
                )
                previous = asked.id


def _at(url: str, do: Callable[[openai.OpenAI], Any]) -> Any:
    """By a connection of its own, which any of the workers may take."""
    with client_of(url) as client:
        return do(client)
