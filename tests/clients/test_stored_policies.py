"""Policies and stored responses: what is kept is what the caller saw, and history passes too."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.clients.serving import KEY, config
from tests.faults.serving import serving

ADDRESS = "carol@example.org"
ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    made = config(upstream.url)
    redact = {"policy": "redact", "patterns": ["email"], "apply_to": ["request", "response"]}
    made["policies"] = {"chain": [redact]}
    for backend in made["backends"].values():
        backend["quirks"] = {"keeps_responses": True}
    with serving(made) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    url = f"{gateway.url}/v1"
    with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=20.0) as client:
        yield client


@ways
@pytest.mark.parametrize("backend", ["chat", "responses"])
@pytest.mark.parametrize("background", [False, True], ids=["waited", "background"])
def test_what_a_policy_took_out_is_not_stored_and_never_sent(
    client: openai.OpenAI,
    upstream: ScriptedUpstream,
    backend: str,
    stream: bool,
    background: bool,
) -> None:
    upstream.script(text=f"Write to {ADDRESS} today.")
    made: Any = client.responses.create(
        model=backend, input=f"I am {ADDRESS}.", stream=stream, background=background
    )
    id_ = next(iter(made)).response.id if stream else made.id
    with client.responses.retrieve(id_, stream=True) as replay:
        events = list(replay)
    assert events[-1].type == "response.completed"
    found = client.responses.retrieve(id_)
    assert "Write to" in found.output_text
    for said in (found.to_json(), *(event.to_json() for event in events)):
        assert ADDRESS not in said
    client.responses.create(model=backend, input="And?", previous_response_id=id_)
    for request in upstream.requests("POST"):
        assert ADDRESS not in str(request["body"])
    body = upstream.requests("POST")[-1]["body"]
    assert "previous_response_id" not in body
    assert len(body["input" if backend == "responses" else "messages"]) == 3
