"""Bodies in the log are those that went on after the policies."""

import json
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from headgate.filters.detail import Detail
from headgate.filters.request_log import row_of
from headgate.model.books import ExchangeRow
from headgate.model.fault import Fault, Refused
from headgate.model.usage import Usage
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.guard import Guard
from headgate.pipeline.recording import Recording
from headgate.pipeline.snapshot import Settings
from headgate.policies.chain import compile_chain
from headgate.policies.environment import Environment
from headgate.policies.occasion import Occasion
from tests.filters.served import scene_of, user
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, reply
from tests.pipeline.samples import DONE, REPLY, chunk

MAIL = "john.doe@example.com"
REDACT = {"policy": "redact", "patterns": ["email"], "apply_to": ["request"]}
DIALECTS = ("chat", "messages", "responses")


def saying(text: str, dialect: str = "chat") -> dict[str, Any]:
    """The fields of a request that says `text`."""
    messages = [{"role": "user", "content": text}]
    return {"input": text} if dialect == "responses" else {"messages": messages}


async def ran(*entries: dict[str, Any], plans: tuple[Plan, ...] = (), **asked: Any) -> Scene:
    filters = [Detail(), *asked.pop("filters", ())]
    settings = Settings(heartbeat_s=0, stream_detail=asked.pop("mode", "raw"))
    scene = scene_of(user(detail_logging=True), *plans, filters=filters, settings=settings, **asked)
    chain = compile_chain(entries, Environment())

    def open_guard(exchange: Exchange) -> Guard | None:
        return chain.opens(Occasion(model=exchange.envelope.model))

    scene.exchange.snapshot = msgspec.structs.replace(scene.snapshot, open_guard=open_guard)
    await scene.run()
    return scene


def row(scene: Scene) -> ExchangeRow:
    return row_of(scene.exchange)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_request_is_kept_as_the_policies_made_it(dialect: str) -> None:
    scene = await ran(REDACT, plans=(reply(),), dialect=dialect, **saying(f"I am {MAIL}", dialect))
    kept = row(scene).request_body or ""
    assert MAIL not in kept
    assert "I am [EMAIL]" in kept
    assert json.loads(kept)["model"] == "fast"


async def test_without_policies_or_where_they_change_nothing_it_is_kept_as_it_came() -> None:
    for entries in ((), (REDACT,), ({**REDACT, "mode": "monitor"},)):
        scene = await ran(*entries, plans=(reply(),))
        assert row(scene).request_body == scene.exchange.body.decode()


async def test_what_was_refused_before_it_was_sent_on_is_not_kept() -> None:
    block = {"policy": "block", "words": ["I am"]}
    for chain in ([REDACT, block], [block, REDACT]):
        scene = await ran(*chain, plans=(reply(),), **saying(f"I am {MAIL}"))
        assert scene.outcome == "blocked"
        assert row(scene).request_body is None
        assert "policy_violation" in (row(scene).response_body or "")


class Full(Filter):
    """Admits nobody."""

    @override
    async def admit(self, exchange: Exchange) -> None:
        raise Refused(Fault(kind="rate_limited", message="too much"))


async def test_what_a_limit_refused_is_not_kept_where_policies_would_have_been_in_force() -> None:
    scene = await ran(REDACT, filters=[Full()], **saying(f"I am {MAIL}"))
    assert row(scene).request_body is None
    scene = await ran(filters=[Full()], **saying(f"I am {MAIL}"))
    assert MAIL in (row(scene).request_body or "")


async def test_a_chain_that_waits_for_a_backend_has_seen_nothing_before_there_is_one() -> None:
    waits = {**REDACT, "when": {"backend": "one"}}
    scene = await ran(waits, model="nobody-s", **saying(f"I am {MAIL}"))
    assert row(scene).request_body is None
    scene = await ran(waits, plans=(reply(),), **saying(f"I am {MAIL}"))
    assert "I am [EMAIL]" in (row(scene).request_body or "")


@pytest.mark.parametrize("mode", ["raw", "compact", "both"])
async def test_what_the_caller_alone_gets_back_is_in_no_log(mode: str) -> None:
    odd = 'a "quoted" ü\\1'
    own = {"policy": "redact", "as": "token", "patterns": ["email"], "regexes": {"q": 'a "q.*1'}}
    answer = FakeAnswer(chunk("[EMA"), chunk("IL_1] and [Q_2]"), chunk(finish="stop"), DONE)
    scene = await ran(own, plans=(answer,), stream=True, mode=mode, **saying(f"{MAIL} {odd}"))
    told = scene.downstream.body.decode()
    assert MAIL in told
    assert json.dumps(odd, ensure_ascii=False)[1:-1] in told
    kept = row(scene).response_body or ""
    assert "[EMAIL_1]" in kept
    assert "[Q_2]" in kept
    assert MAIL not in kept
    assert "quoted" not in kept


async def test_a_whole_answer_gives_nothing_back_to_the_log_either() -> None:
    token = {"policy": "redact", "as": "token", "patterns": ["email"]}
    answered = reply(REPLY.replace(b"Hello there", b"Hello [EMAIL_1]"))
    scene = await ran(token, plans=(answered,), **saying(f"I am {MAIL}"))
    assert MAIL.encode() in scene.downstream.body
    assert "Hello [EMAIL_1]" in (row(scene).response_body or "")
    assert MAIL not in str(row(scene))


async def test_bodies_that_cannot_be_written_cost_the_row_nothing_but_themselves(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = await ran(plans=(reply(),))

    def fails(self: Recording, usage: Usage | None = None) -> str | None:
        raise ZeroDivisionError("body")

    monkeypatch.setattr(Recording, "body", fails)
    kept = row(scene)
    assert (kept.outcome, kept.request_body, kept.response_body) == ("complete", None, None)
    assert "ZeroDivisionError: body" in caplog.text
