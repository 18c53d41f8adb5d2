"""The chain at work, and whom its policies may ask."""

import asyncio
from typing import Any

import msgspec
import pytest

from headgate.composition.chains import Guarding, chain_of, environment_of, rehearsing
from headgate.config import ConfigErrors
from headgate.policies.environment import Environment, HttpCall
from headgate.policies.keys import ChainRefused
from headgate.policies.occasion import Occasion
from headgate.policies.rehearsal import Trial
from headgate.policies.running import Running
from headgate.policies.service import MOST_ANSWER_BYTES
from tests.pipeline.fakes import FakeUpstream, Scene, reply
from tests.policies.drive import request

BLOCK: dict[str, Any] = {"policy": "block", "words": ["hi"], "apply_to": ["request"]}


def test_a_chain_that_cannot_be_used_is_said_with_its_place() -> None:
    with pytest.raises(ConfigErrors) as caught:
        chain_of(({"policy": "redcat"},), "file.yaml", Environment())
    (problem,) = caught.value.problems
    assert problem.file == "file.yaml"
    assert problem.where == "policies.chain[0].policy"
    assert problem.nearest == "redact"


async def test_policies_know_who_asks_for_what_but_no_credential() -> None:
    scene = Scene(headers={"authorization": "Bearer k", "x-tenant": "a"})
    scene.turn()
    when = {"model": ["fast"], "path": ["/v1/test"], "header": {"x-tenant": ["a"]}}
    chain = chain_of(({**BLOCK, "when": when},), "", Environment())
    guard = Guarding(chain)(scene.exchange)
    assert isinstance(guard, Running)
    assert guard.occasion.headers == {"x-tenant": "a"}
    scene.exchange.headers["x-tenant"] = "b"
    assert Guarding(chain)(scene.exchange) is None


async def test_a_service_is_asked_over_http_and_its_answer_bounded() -> None:
    long = msgspec.json.encode("x" * (MOST_ANSWER_BYTES + 10))
    http = FakeUpstream(reply(b'{"ok": true}'), reply(long, status=500))
    environment = environment_of(Scene().gateway, http)
    call = HttpCall("https://service.test/check", (("x-key", "k"),), b"{}")
    answer = await asyncio.wait_for(environment.post(call), 5)
    assert (answer.status, answer.body) == (200, b'{"ok": true}')
    (sent,) = http.calls
    assert (sent.method, sent.url, sent.headers) == ("POST", call.url, call.headers)
    assert (await environment.post(call)).status == 500
    assert environment.clock() > 0
    assert environment.wall() > 0


async def test_a_sample_is_tried_with_its_own_chain_or_with_the_one_in_force() -> None:
    scene = Scene()
    try_out = rehearsing(scene.gateway, Environment())
    trial = Trial(occasion=Occasion(), request=request("hi"))
    assert (await try_out(trial)).fault is None
    chain = chain_of(({**BLOCK, "name": "in force"},), "", Environment())
    snapshot = msgspec.structs.replace(scene.snapshot, open_guard=Guarding(chain))
    scene.gateway.snapshot = snapshot
    refused = (await try_out(trial)).fault
    assert refused is not None
    assert "'in force'" in refused.message
    own = ({**BLOCK, "name": "its own"},)
    refused = (await try_out(msgspec.structs.replace(trial, entries=own))).fault
    assert refused is not None
    assert "'its own'" in refused.message
    assert (await try_out(msgspec.structs.replace(trial, entries=()))).fault is None
    with pytest.raises(ChainRefused):
        await try_out(msgspec.structs.replace(trial, entries=({"policy": "redcat"},)))
