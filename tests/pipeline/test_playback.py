"""A recorded answer played once more gives its caller the same bytes, however it ended."""

import asyncio
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from headgate.backends.backend import Timeouts
from headgate.filters.taping import recorded as recorded_of
from headgate.model.recorded import Recorded
from headgate.pipeline import playback
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.playback import CannotPlay, Played, differences, play
from headgate.pipeline.snapshot import Settings, Snapshot
from headgate.pipeline.tape import Room, Tape
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import FakeAnswer, Scene, backend, refusal, reply, route
from tests.pipeline.samples import CHAT, MESSAGES, REPLY, chunk

ROOMY = 1_000_000
CALLERS = ("chat", "messages", "responses")


class Taped(Filter):
    """Puts a tape into every exchange."""

    @override
    async def admit(self, exchange: Exchange) -> None:
        exchange.tape = Tape(ROOMY, Room(ROOMY), lambda _: None)


async def lived(scene: Scene) -> Recorded:
    """The recording of the exchange, which is carried out."""
    await scene.run()
    return of(scene)


def of(scene: Scene) -> Recorded:
    tape = scene.exchange.tape
    assert tape is not None
    return recorded_of(scene.exchange, tape)


def scene_of(plan: Any, keep_request: bool = True, **more: Any) -> Scene:
    mode: Any = "all" if keep_request else "failures"
    settings = Settings(heartbeat_s=0, record=mode)
    asked = {"stream": True, "routes": [route("one", retries=0)], **more}
    return Scene(plan, filters=[Taped()], settings=settings, **asked)


ENDINGS: dict[str, Any] = {
    "whole": lambda: FakeAnswer(*CHAT),
    "without a terminator": lambda: FakeAnswer(*CHAT[:-1]),
    "nothing": lambda: FakeAnswer(),
    "early": lambda: FakeAnswer(*CHAT[:2]),
    "broken": lambda: FakeAnswer(*CHAT[:2], then="break"),
    "broken in a character": lambda: FakeAnswer(CHAT[0], b'data: {"a":"\xc3', then="break"),
    "broken at once": lambda: FakeAnswer(then="break"),
    "an error": lambda: refusal(500, "no"),
    "limited": lambda: refusal(429, "slowly", retry_after="3"),
    "JSON": lambda: reply(),
    "nonsense": lambda: FakeAnswer(b"<html>", headers={"content-type": "text/html"}),
    "unreachable": lambda: TargetUnreachable("refused", "nothing"),
    "too slow to connect": lambda: TargetUnreachable("too slow", "nothing", timed_out=True),
}


@pytest.mark.parametrize("dialect", CALLERS)
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("keep_request", [True, False])
async def test_however_it_ended_the_caller_would_get_the_same_again(
    ending: str, dialect: str, keep_request: bool
) -> None:
    scene = scene_of(ENDINGS[ending](), keep_request, dialect=dialect)
    recorded = await lived(scene)
    played = await play(recorded, scene.snapshot)
    assert differences(recorded, played) == []
    assert (played.body, played.status) == (scene.downstream.body, scene.downstream.status)
    assert played.outcome == scene.outcome
    assert played.request_known == keep_request
    assert len(scene.upstream.calls) == 1


@pytest.mark.parametrize("dialect", CALLERS)
async def test_ids_of_a_translation_are_made_of_the_same_letters(dialect: str) -> None:
    scene = scene_of(
        FakeAnswer(*MESSAGES), dialect=dialect, backends=[backend(speaks=("messages",))]
    )
    seeds = iter("abcdefgh")
    scene.gateway.mint = lambda: next(seeds) * 24
    recorded = await lived(scene)
    assert differences(recorded, await play(recorded, scene.snapshot)) == []


async def test_a_backend_that_fell_silent_is_silent_again() -> None:
    hasty = backend(timeouts=Timeouts(first_event_s=60, idle_s=0.2, total_s=60))
    scene = scene_of(FakeAnswer(*CHAT[:2], then="wait"), backends=[hasty])
    recorded = await lived(scene)
    played = await play(recorded, scene.snapshot)
    assert (scene.outcome, played.outcome) == ("timeout", "timeout")
    assert differences(recorded, played) == []


async def test_a_backend_that_never_answered_does_not_again() -> None:
    hasty = backend(timeouts=Timeouts(first_event_s=0.01))
    scene = scene_of(None, backends=[hasty])
    recorded = await lived(scene)
    played = await play(recorded, scene.snapshot)
    assert (played.status, played.outcome) == (504, "timeout")
    assert differences(recorded, played) == []


async def test_a_caller_who_left_got_the_beginning() -> None:
    scene = scene_of(FakeAnswer(*CHAT, then="wait"))
    scene.downstream.leave_at = CHAT[1]
    recorded = await lived(scene)
    assert scene.outcome == "client_closed"
    assert differences(recorded, await play(recorded, scene.snapshot)) == []


async def test_a_drain_says_its_last_word_again() -> None:
    answer = FakeAnswer(*CHAT[:2], then="wait")
    scene = scene_of(answer)
    running = await scene.run_until(answer.dry)
    scene.gateway.cut()
    await running
    recorded = of(scene)
    played = await play(recorded, scene.snapshot)
    assert (scene.outcome, played.outcome) == ("drained", "drained")
    assert differences(recorded, played) == []


async def test_the_last_of_several_attempts_is_played() -> None:
    scene = scene_of(refusal(503), backends=[backend("one"), backend("two")], routes=[])
    scene.upstream._plans.append(FakeAnswer(*CHAT))
    recorded = await lived(scene)
    assert len(recorded.attempts) == 2
    assert differences(recorded, await play(recorded, scene.snapshot)) == []


async def test_it_is_played_where_the_backend_is_not_known() -> None:
    recorded = await lived(scene_of(FakeAnswer(*CHAT)))
    assert differences(recorded, await play(recorded, Snapshot())) == []


async def test_a_change_of_a_byte_shows() -> None:
    scene = scene_of(FakeAnswer(*CHAT))
    recorded = await lived(scene)
    [attempt] = recorded.attempts
    first = attempt.pieces[0]
    assert first.text is not None
    forged = msgspec.structs.replace(first, text=first.text.replace("Hello", "Hullo"))
    attempt = msgspec.structs.replace(attempt, pieces=(forged, *attempt.pieces[1:]))
    other = msgspec.structs.replace(recorded, attempts=(attempt,))
    played = await play(other, scene.snapshot)
    [difference] = differences(other, played)
    assert played.sha256 in difference
    assert scene.snapshot.backends["one"].active


async def test_reasons_why_it_may_differ_are_named() -> None:
    recorded = await lived(scene_of(reply(), keep_request=False, stream=False))
    exchange = msgspec.structs.replace(recorded.exchange, policies=True, continues=True)
    [attempt] = recorded.attempts
    assert attempt.ended is not None
    ended = msgspec.structs.replace(attempt.ended, masked_bytes=3)
    attempt = msgspec.structs.replace(attempt, ended=ended)
    other = msgspec.structs.replace(recorded, exchange=exchange, attempts=(attempt,))
    played = Played(status=500, headers={}, body=b"other", outcome="complete", request_known=False)
    found = differences(other, played)
    assert found[0] == "the caller got the status 200, now it is 500"
    assert len(found) == 6
    unsaid = msgspec.structs.replace(recorded, delivered=None)
    assert differences(unsaid, played) == ["the recording does not say what was delivered"]


async def test_what_is_not_whole_cannot_be_played() -> None:
    scene = scene_of(reply(REPLY), stream=False)
    recorded = await lived(scene)
    [attempt] = recorded.attempts
    assert attempt.ended is not None
    cut = msgspec.structs.replace(attempt.ended, cut=True)
    for broken, words in (
        (msgspec.structs.replace(recorded, attempts=()), "no attempt"),
        (with_(recorded, msgspec.structs.replace(attempt, ended=None)), "the whole answer"),
        (with_(recorded, msgspec.structs.replace(attempt, ended=cut)), "the whole answer"),
    ):
        with pytest.raises(CannotPlay, match=words):
            await play(broken, scene.snapshot)


def with_(recorded: Recorded, attempt: Any) -> Recorded:
    return msgspec.structs.replace(recorded, attempts=(attempt,))


async def test_an_endpoint_needs_its_request_and_a_dialect_its_caller() -> None:
    recorded = await lived(scene_of(reply(), keep_request=False, stream=False))
    exchange = msgspec.structs.replace(recorded.exchange, dialect="embeddings", request=None)
    with pytest.raises(CannotPlay, match="does not hold the request"):
        await play(msgspec.structs.replace(recorded, exchange=exchange), Snapshot())
    exchange = msgspec.structs.replace(exchange, dialect="gemini", request="{}")
    with pytest.raises(CannotPlay, match="no caller speaks 'gemini'"):
        await play(msgspec.structs.replace(recorded, exchange=exchange), Snapshot())


async def test_a_playback_does_not_last_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "DEADLINE_S", 0.01)
    monkeypatch.setattr(playback, "_HASTY", playback._PATIENT)
    scene = scene_of(FakeAnswer(chunk("Hi"), then="wait"))
    scene.downstream.leave_at = chunk("Hi")
    recorded = await lived(scene)
    [attempt] = recorded.attempts
    assert attempt.ended is not None
    ended = msgspec.structs.replace(attempt.ended, outcome="timeout")
    with pytest.raises(CannotPlay, match="longer than"):
        await play(with_(recorded, msgspec.structs.replace(attempt, ended=ended)), scene.snapshot)
    assert len(asyncio.all_tasks()) == 1
