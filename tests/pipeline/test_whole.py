"""Replies that come whole."""

import msgspec
import pytest

from headgate.dialects.destination import Source
from headgate.dialects.dialect import ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault
from headgate.pipeline import whole as whole_module
from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.pipeline.whole import Whole, read_whole, relay_whole, translate_whole
from headgate.upstream.answer import AnswerBroken
from tests.pipeline.fakes import FakeAnswer
from tests.pipeline.samples import CHAT, MESSAGES, REPLY, SEED, asking, chunk, message
from tests.pipeline.test_pushing import FakePushAnswer

CHAT_DIALECT = DIALECTS["chat"]


def relayed(body: bytes) -> Whole | Fault:
    return relay_whole(body, CHAT_DIALECT)


def translated(body: bytes, backend: str = "chat", dialect: str = "messages") -> Whole | Fault:
    caller = DIALECTS[dialect].caller
    assert caller is not None
    request = caller.read_request(asking(dialect))
    context = ReplyContext(id_seed=SEED, created=7, model="fast", request=request)
    return translate_whole(body, DIALECTS[backend], Source(vendor="up"), caller, context)


async def test_a_body_that_has_come_whole_is_not_waited_for() -> None:
    answer = FakePushAnswer()
    answer.arrive(b"rest")
    answer.ended = True
    reading = read_whole(Watch(), answer, b"the ", NEVER)
    with pytest.raises(StopIteration) as done:
        reading.send(None)
    assert done.value.value == b"the rest"


async def test_the_rest_of_a_body_is_read_behind_its_head() -> None:
    answer = FakeAnswer(b"two", b"three")
    assert await read_whole(Watch(), answer, b"one", NEVER) == b"onetwothree"


async def test_a_body_that_breaks_is_no_body() -> None:
    with pytest.raises(AnswerBroken):
        await read_whole(Watch(), FakeAnswer(b"two", then="break"), b"", NEVER)


async def test_a_body_that_does_not_end_in_time_is_given_up() -> None:
    watch = Watch()
    with pytest.raises(Interrupted):
        await read_whole(watch, FakeAnswer(b"two", then="wait"), b"", watch.now() + 0.01)


async def test_an_endless_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_module, "MOST_BYTES", 10)
    assert await read_whole(Watch(), FakeAnswer(b"12345"), b"12345", NEVER) == b"1234512345"
    with pytest.raises(AnswerBroken, match="too large"):
        await read_whole(Watch(), FakeAnswer(b"123456"), b"12345", NEVER)


def test_a_relayed_reply_keeps_its_bytes() -> None:
    whole = relayed(REPLY)
    assert isinstance(whole, Whole)
    assert whole.body == REPLY
    assert (whole.facts.model, whole.facts.finished) == ("up-model", True)
    assert whole.facts.usage is not None
    assert whole.facts.usage.output_tokens == 2


def test_json_that_is_no_reply_is_relayed_too() -> None:
    whole = relayed(b'{"hello":"there"}')
    assert isinstance(whole, Whole)
    assert (whole.body, whole.facts.events) == (b'{"hello":"there"}', 0)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"a":', b'"text"'])
def test_what_is_no_json_object_is_a_fault(body: bytes) -> None:
    fault = relayed(body)
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.origin) == ("upstream_error", "upstream")
    assert isinstance(translated(body), Fault)


def test_an_error_in_the_place_of_a_reply_is_a_fault() -> None:
    body = b'{"error":{"message":"busy","code":"overloaded"}}'
    for fault in (relayed(body), translated(body)):
        assert isinstance(fault, Fault)
        assert (fault.kind, fault.message) == ("overloaded", "busy")


def test_a_translated_reply_is_in_the_callers_dialect() -> None:
    whole = translated(REPLY)
    assert isinstance(whole, Whole)
    told = msgspec.json.decode(whole.body)
    assert (told["type"], told["model"]) == ("message", "fast")
    assert [block["text"] for block in told["content"]] == ["Hello there"]
    facts = whole.facts
    assert (facts.id, facts.model, facts.native_finish) == ("c1", "up-model", "stop")
    assert facts.output_bytes == len(REPLY)


def test_a_stream_that_nobody_asked_for_is_folded() -> None:
    whole = translated(b"".join(CHAT))
    assert isinstance(whole, Whole)
    assert msgspec.json.decode(whole.body)["content"][0]["text"] == "Hello there"
    assert whole.facts.usage is not None


def test_a_folded_stream_that_was_cut_is_a_fault() -> None:
    fault = translated(chunk("Hel"))
    assert isinstance(fault, Fault)
    assert fault.kind == "upstream_truncated"


def test_an_error_inside_a_folded_stream_is_a_fault() -> None:
    error = message("error", error={"type": "overloaded_error", "message": "busy"})
    fault = translated(b"".join((*MESSAGES[:3], error)), "messages", "chat")
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.message) == ("overloaded", "busy")
