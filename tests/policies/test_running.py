from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.destination import Source
from headgate.dialects.dialect import Dialect, ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model import events as ev
from headgate.model.fault import Fault, Refused
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import Reply, unfold
from headgate.policies.chain import compile_chain
from tests import grammar
from tests.policies.drive import (
    OCCASION,
    REPLIES,
    Entry,
    opened,
    pour,
    reply,
    request,
    run,
    said,
    stream,
    streams_of,
    texts,
    whole,
)
from tests.policies.every import EVERY, WORLD

chains = {id(entries): compile_chain(entries, WORLD) for entries in EVERY}


@pytest.mark.parametrize(
    "entries", EVERY, ids=lambda entries: "+".join(e["policy"] for e in entries)
)
@settings(max_examples=25, deadline=None)
@given(given=REPLIES, seed=st.integers(0, 10_000))
def test_a_stream_gives_what_the_whole_text_gives_however_it_is_cut(
    entries: list[Entry], given: Reply, seed: int
) -> None:
    async def both() -> None:
        chain = chains[id(entries)]
        first, second = chain.opens(OCCASION), chain.opens(OCCASION)
        assert first is not None
        assert second is not None
        expected = await whole(first, given)
        streamed = await stream(second, streams_of(given, seed))
        if isinstance(expected, Reply):
            grammar.check(streamed.events, whole=True)
        assert streamed.result == expected

    run(both())


@settings(max_examples=40, deadline=None)
@given(given=REPLIES, seed=st.integers(0, 10_000))
def test_what_went_out_before_a_block_does_not_depend_on_the_cuts(given: Reply, seed: int) -> None:
    entries: list[Entry] = [{"policy": "block", "words": ["gun", "for"]}, {"policy": "redact"}]
    first = msgspec.structs.replace(given, choices=given.choices[:1])

    async def both() -> None:
        one = await stream(opened(*entries), unfold(first))
        other = await stream(opened(*entries), streams_of(first, seed))
        assert one.reply == other.reply
        assert one.fault == other.fault

    run(both())


@settings(max_examples=30, deadline=None)
@given(given=REPLIES, seed=st.integers(0, 10_000), left=st.integers(0, 60))
def test_a_stream_that_breaks_off_anywhere_stays_a_prefix_of_a_sentence(
    given: Reply, seed: int, left: int
) -> None:
    entries: list[Entry] = [
        {"policy": "redact"},
        {"policy": "deny_tools", "tools": ["rm*"], "answer": "no"},
        {"policy": "judge", "model": "j", "rules": "none", "window": 20},
        {"policy": "tests.policies.strangers:Words"},
    ]
    events = streams_of(given, seed)[:left]
    run(stream(opened(*entries, environment=WORLD), events))
    failed = ev.Failed(Fault(kind="upstream_error", message="x"))
    last = run(stream(opened(*entries, environment=WORLD), [*events, failed]))
    assert last.fault is not None or last.events[-1] == failed


@settings(max_examples=40, deadline=None)
@given(given=REPLIES, seed=st.integers(0, 10_000), lates=st.lists(st.booleans(), max_size=40))
def test_late_releases_keep_the_grammar_and_the_promise(
    given: Reply, seed: int, lates: list[bool]
) -> None:
    async def work() -> None:
        running = opened({"policy": "redact"}, {"policy": "block", "words": ["xyzzy"]})
        await running.request(request())
        out: list[ev.Event] = []
        now = 0.0
        for event, late in zip(streams_of(given, seed), lates + [False] * 10_000, strict=False):
            out += running.feed(event, now)
            if late:
                now += 5.0
                out += running.release(now)
                due = running.due()  # of what a later policy has just been given
                assert due is None or due > now
            due = running.due()
            assert due is None or now < due <= now + 1.0
        out += running.flush(now)
        grammar.check(out, whole=True)
        for report in running.reports:
            assert report.holds.longest_s <= 5.0

    run(work())


def test_the_request_goes_through_the_policies_in_their_order() -> None:
    running = opened(
        {"policy": "inject_system", "text": "mail a@b.org"},
        {"policy": "redact"},
        {"policy": "inject_system", "text": "c@d.org"},
    )
    assert said(run(running.request(request("x")))) == ["c@d.org", "mail [EMAIL]", "x"]


def test_policies_that_ask_for_a_backend_join_when_it_is_known_and_stay_the_same() -> None:
    here: Entry = {
        "policy": "tests.policies.strangers:Shout",
        "when": {"backend": "open*"},
        "name": "shout",
    }
    running = opened({"policy": "redact"}, here, {"policy": "inject_system", "text": "x"})
    assert running.asks_backend
    given = request("a@b.org")

    async def said_by(backend: str) -> list[str]:
        running.turn_to(backend)
        assert said(await running.request(given)) == ["x", "[EMAIL]"]
        return texts((await pour(running, unfold(reply(Text("a "))))).reply)

    assert run(said_by("claude")) == ["a "]
    assert run(said_by("openai")) == ["A "]
    assert run(said_by("openai")) == ["A "]
    assert [report.policy for report in running.reports] == ["redact", "inject_system", "shout"]


def test_an_attempt_that_failed_leaves_nothing_behind() -> None:
    async def work() -> list[str]:
        running = opened({"policy": "redact"}, {"policy": "deny_tools", "tools": ["x"]})
        await running.request(request())
        for event in [*unfold(reply(Text("half of a@b.o"), ToolCall("1", "y")))][:5]:
            running.feed(event, 0.0)
        running.begin_reply()
        return texts((await pour(running, unfold(reply(Text("to a@b.org"))))).reply)

    assert run(work()) == ["to [EMAIL]"]


def test_a_block_can_be_followed_by_another_attempt() -> None:
    async def work() -> None:
        running = opened({"policy": "block", "words": ["gun"]})
        await running.request(request())
        assert (await pour(running, unfold(reply(Text("a gun"))))).fault is not None
        assert not running.again
        running.begin_reply()
        assert (await pour(running, unfold(reply(Text("a rose"))))).result == reply(Text("a rose"))

    run(work())


def test_a_refused_reply_is_told_as_a_fault_of_its_policy() -> None:
    running = opened({"policy": "block", "words": ["gun"], "name": "no arms"})
    run(running.request(request()))
    with pytest.raises(Refused) as refusal:
        run(running.reply(reply(Text("a gun"))))
    assert refusal.value.fault.http_status == 403
    assert "'no arms'" in refusal.value.fault.message


def test_exchanges_do_not_share_what_their_policies_know() -> None:
    one = opened({"policy": "redact", "as": "token"})
    other = opened({"policy": "redact", "as": "token"})
    run(one.request(request("a@b.org")))
    run(other.request(request("c@d.org")))
    assert texts(run(one.reply(reply(Text("[EMAIL_1]"))))) == ["a@b.org"]
    assert texts(run(other.reply(reply(Text("[EMAIL_1]"))))) == ["c@d.org"]


CALLERS = [dialect for dialect in DIALECTS.values() if dialect.caller is not None]


@pytest.mark.parametrize("dialect", CALLERS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_every_dialect_s_stream_gives_what_its_whole_text_gives(
    dialect: Dialect, size: int
) -> None:
    given = reply(
        Text("Write to john.doe@example.com, card 4111 1111 1111 1111, or +49 170 1234567."),
        ToolCall("call_1", "rm", '{"path":"/"}'),
        ToolCall("call_2", "send", '{"to":"a@b.org"}'),
    )
    entries: list[Entry] = [{"policy": "redact"}, {"policy": "deny_tools", "tools": ["rm"]}]

    async def both() -> None:
        expected = await whole(opened(*entries), given)
        running = opened(*entries)
        await running.request(request())
        streamed = await pour(running, _read(dialect, _written(dialect, unfold(given)), size))
        parts = streamed.reply.choices[0].parts
        assert isinstance(expected, Reply)
        assert _said(parts) == _said(expected.choices[0].parts)
        assert streamed.reply.choices[0].reason == "tools"
        again = list(_read(dialect, _written(dialect, streamed.events), 5))
        assert b"example.com" not in _written(dialect, streamed.events)
        grammar.check(again, whole=True)

    run(both())


def _written(dialect: Dialect, events: Any) -> bytes:
    assert dialect.caller is not None
    asked = request(dialect=dialect.name, stream=True)
    context = ReplyContext(
        id_seed="abcdefghijklmnopqrstuvwxyz", created=1, model="m", request=asked
    )
    writer = dialect.caller.open_writer(context)
    return b"".join(map(writer.write, events)) + writer.end()


def _read(dialect: Dialect, data: bytes, size: int) -> list[ev.Event]:
    reader = dialect.backend.open_reader(Source(vendor="x"))
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [event for piece in pieces for event in reader.feed(piece)] + reader.end()


def _said(parts: Any) -> list[Any]:
    """Texts and calls without the ids that a dialect makes."""
    calls = [(p.name, msgspec.json.decode(p.arguments)) for p in parts if isinstance(p, ToolCall)]
    return ["".join(p.text for p in parts if isinstance(p, Text)), calls]
