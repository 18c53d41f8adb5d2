"""A chain tried on a sample."""

import asyncio
from typing import Any

import httpx2
import msgspec
import pytest

from headgate.admin import rehearsals
from headgate.model.book_query import RequestDetail
from headgate.model.books import ExchangeRow
from headgate.model.directory import PolicyRow
from headgate.policies.environment import ModelQuestion
from tests.admin.conftest import FakeRequestLog, World

TEST = "/admin/policies/test"
REDACT = {"policy": "redact", "patterns": ["email"]}
BLOCK = {"policy": "block", "words": ["bluebird"]}
ASKED = {"model": "fast", "messages": [{"role": "user", "content": "I am a@b.org"}]}
SAID = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello a@b.org"},
            "finish_reason": "stop",
        }
    ],
}


async def tried(admin: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answered = await admin.post(TEST, json=body)
    assert answered.status_code == 200, answered.text
    told: dict[str, Any] = answered.json()
    return told


def content(told: dict[str, Any], when: str) -> Any:
    return told["request"][when]["messages"][-1]["content"]


async def test_before_and_after_are_shown_of_both_sides(admin: httpx2.AsyncClient) -> None:
    told = await tried(admin, chain=[REDACT], request=ASKED, reply=SAID)
    assert told["refused"] is None
    assert told["request"]["before"] == ASKED
    assert content(told, "after") == "I am [EMAIL]"
    assert told["request"]["changed"] is told["reply"]["changed"] is True
    said = told["reply"]["after"]["choices"][0]["message"]["content"]
    assert said == "Hello [EMAIL]"
    (deed,) = told["policies"]
    assert (deed["policy"], deed["changed"], deed["findings"]) == ("redact", True, {"email": 2})


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
async def test_every_dialect_s_request_is_shown_in_its_own_words(
    admin: httpx2.AsyncClient, dialect: str
) -> None:
    request: dict[str, Any] = {**ASKED, "max_tokens": 10}
    if dialect == "responses":
        request = {"model": "fast", "input": "I am a@b.org"}
    told = await tried(admin, chain=[REDACT], dialect=dialect, request=request, reply="a@b.org")
    after = msgspec.json.encode(told["request"]["after"])
    assert b"I am [EMAIL]" in after
    assert b"a@b.org" not in after
    assert told["reply"] == {"before": "a@b.org", "after": "[EMAIL]", "changed": True}


async def test_without_a_chain_the_one_in_force_is_tried(
    admin: httpx2.AsyncClient, world: World
) -> None:
    unchanged = await tried(admin, request=ASKED)
    assert unchanged["request"] == {"before": ASKED, "after": ASKED, "changed": False}
    assert (unchanged["reply"], unchanged["policies"]) == (None, [])
    world.chain = (REDACT,)
    assert content(await tried(admin, request=ASKED), "after") == "I am [EMAIL]"
    assert world.changes == 0


async def test_what_would_be_refused_is_said_with_the_policy(admin: httpx2.AsyncClient) -> None:
    told = await tried(admin, chain=[REDACT, BLOCK], request=ASKED, reply="the bluebird")
    assert "'block'" in told["refused"]
    assert content(told, "after") == "I am [EMAIL]"
    assert told["reply"] == {"before": "the bluebird", "after": None, "changed": False}
    assert told["policies"][1]["refused"]
    request = {**ASKED, "messages": [{"role": "user", "content": "bluebird"}]}
    told = await tried(admin, chain=[BLOCK], request=request)
    assert told["request"]["after"] is None


async def test_who_asks_and_where_can_be_supposed(admin: httpx2.AsyncClient) -> None:
    when = {"user": "al*", "backend": "up", "path": "/v1/x", "header": {"x-team": "red"}}
    chain = [{"policy": "tag", "tags": {"by": "{user} {model}"}, "when": when}]
    chain.append({"policy": "header", "header": "x-b", "value": "{backend}", "when": when})
    supposed = {"user": "alice", "backend": "up", "path": "/v1/x", "headers": {"X-Team": "red"}}
    told = await tried(admin, chain=chain, request=ASKED, **supposed)
    assert told["tags"] == {"by": "alice fast"}
    assert told["headers_to_backend"] == [["x-b", "up"]]
    assert (await tried(admin, chain=chain, request=ASKED))["tags"] == {}


async def test_an_entry_in_force_can_be_tried_changed_with_its_secrets(
    admin: httpx2.AsyncClient, world: World
) -> None:
    secret = {"policy": "redact", "patterns": ["email"], "as": "hash", "hash_key": "h"}
    await world.directory.add_policy(PolicyRow(id="p1", position=0, entry=secret))
    entry = {"id": "p1", "position": 0, "source": "database", "is_active": True}
    whole = await tried(admin, chain=[{**entry, "hash_key": "***"}], request=ASKED)
    alone = await tried(admin, chain=[entry], request=ASKED)
    assert content(whole, "after") == content(alone, "after") != content(whole, "before")
    other = await tried(admin, chain=[{"id": "p1", "patterns": ["iban"]}], request=ASKED)
    assert other["request"]["changed"] is False


async def test_a_judge_asks_and_nobody_else_does(admin: httpx2.AsyncClient, world: World) -> None:
    judge = {"policy": "judge", "model": "j", "rules": "none", "apply_to": ["request"]}
    told = await tried(admin, chain=[judge], request=ASKED)
    assert told["refused"] is None
    assert len(world.questions) == 1


async def test_a_policy_that_keeps_it_waiting_ends_the_test(
    admin: httpx2.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(question: ModelQuestion) -> str:
        return await asyncio.Future()

    monkeypatch.setattr(world, "ask_model", never)
    monkeypatch.setattr(rehearsals, "DEADLINE_S", 0.01)
    judge = {"policy": "judge", "model": "j", "rules": "none"}
    answered = await admin.post(TEST, json={"chain": [judge], "request": ASKED})
    assert answered.status_code == 504
    assert "took longer" in answered.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "request: give a request, a reply or an exchange_id"),
        ({"request": []}, "request: "),
        ({"request": {}}, "request: 'model' must be a string"),
        ({"request": {"model": "m"}}, "request: 'messages'"),
        ({"request": ASKED, "chain": [{"policy": "redcat"}]}, "did you mean 'redact'?"),
        ({"request": ASKED, "chain": [{}]}, "the key 'policy' is missing"),
        ({"request": ASKED, "chain": [{"id": "none"}]}, "chain: there is no entry with that id"),
        ({"request": ASKED, "chain": "redact"}, "chain: "),
        ({"request": ASKED, "chain": [{**REDACT, "hash_key": "***"}]}, "hash_key: *** stands"),
        ({"request": ASKED, "dialect": "gemini"}, "dialect: "),
        ({"request": ASKED, "bogus": 1}, "bogus: "),
        ({"reply": {"no": "reply"}}, "reply: it is no reply of chat"),
        ({"request": ASKED, "exchange_id": "x"}, "request: give either"),
    ],
)
async def test_what_cannot_be_tried_is_named(
    admin: httpx2.AsyncClient, body: dict[str, Any], said: str
) -> None:
    answered = await admin.post(TEST, json=body)
    assert answered.status_code == 400, answered.text
    assert said in answered.json()["error"]


def kept(log: FakeRequestLog, **fields: Any) -> None:
    row = ExchangeRow(id="x1", created_at=1.0, endpoint="/v1/chat/completions", **fields)
    log.details["x1"] = RequestDetail(row, ())


async def test_an_exchange_of_the_log_is_tried(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    bodies = {
        "request_body": msgspec.json.encode(ASKED).decode(),
        "response_body": msgspec.json.encode(SAID).decode(),
    }
    kept(log, dialect="chat", **bodies)
    when = {"path": "/v1/chat/*"}
    told = await tried(admin, chain=[{**REDACT, "when": when}], exchange_id="x1")
    assert content(told, "after") == "I am [EMAIL]"
    assert told["reply"]["after"]["choices"][0]["message"]["content"] == "Hello [EMAIL]"
    told = await tried(admin, chain=[REDACT], exchange_id="x1", reply="only a@b.org")
    assert told["reply"]["after"] == "only [EMAIL]"


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        (None, 404, "there is no such exchange"),
        ({"dialect": "chat"}, 400, "no whole request"),
        ({"dialect": "chat", "request_body": '{"model": "f'}, 400, "no whole request"),
        ({"dialect": "embeddings", "request_body": "{}"}, 400, "is no conversation"),
        ({"dialect": "chat", "request_body": "{}"}, 400, "request: 'model'"),
    ],
)
async def test_an_exchange_that_cannot_be_tried_is_named(
    admin: httpx2.AsyncClient,
    log: FakeRequestLog,
    fields: dict[str, Any] | None,
    status: int,
    said: str,
) -> None:
    if fields is not None:
        kept(log, **fields)
    answered = await admin.post(TEST, json={"exchange_id": "x1"})
    assert (answered.status_code, said in answered.json()["error"]) == (status, True)


async def test_a_stranger_tries_nothing(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.post(TEST, json={"request": ASKED})).status_code == 401
