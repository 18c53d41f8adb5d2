"""The tape hears what comes and what is said, and changes nothing of it."""

import asyncio
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.recorded import Ending
from headgate.pipeline.tape import Room, Tape, Track
from headgate.upstream.answer import AnswerBroken, Call, PushAnswer, TargetUnreachable
from tests.pipeline.fakes import FakeAnswer, FakeUpstream, Scene, backend, reply, route
from tests.pipeline.samples import CHAT, DONE, MESSAGES, chunk
from tests.pipeline.test_pushing import FakePushAnswer

CALL = Call(method="POST", url="http://one.test/v1", headers=())
ROOMY = 1_000_000


class Listening:
    """A tape over one upstream, and whether its end was told."""

    def __init__(self, *plans: Any, most_bytes: int = ROOMY, room: int = ROOMY) -> None:
        self.ended: list[Tape] = []
        self.room = Room(room)
        self.tape = Tape(most_bytes, self.room, self.ended.append)
        self.track = Track(1, "chat", "openai", relays=True)
        self.upstream = self.tape.over(FakeUpstream(*plans), self.track)

    @property
    def heard(self) -> list[bytes]:
        return [data for _, data in self.track.pieces]


async def taken_down(scene: Scene) -> Tape:
    """Carries the scene out with a tape in it."""
    tape = Tape(ROOMY, Room(ROOMY), lambda _: None)
    scene.exchange.tape = tape
    await scene.run()
    return tape


@pytest.mark.parametrize(
    ("then", "ending"), [("end", "clean"), ("break", "broken"), ("wait", "stopped")]
)
async def test_every_piece_and_the_ending_are_heard(then: Any, ending: Ending) -> None:
    there = Listening(FakeAnswer(b"one", b"two", then=then))
    answer = await there.upstream.send(CALL)
    assert (await answer.read(), await answer.read()) == (b"one", b"two")
    if then == "end":
        assert await answer.read() == b""
    elif then == "break":
        with pytest.raises(AnswerBroken):
            await answer.read()
    answer.close()
    assert there.heard == [b"one", b"two"]
    assert there.track.ending == ending
    assert (there.track.size, there.track.cut) == (6, False)
    assert there.track.digest.hexdigest() == hashlib.sha256(b"onetwo").hexdigest()
    assert there.track.asked_at <= there.track.answered_at <= there.track.pieces[0][0]


async def test_who_cannot_be_reached_is_heard_as_that() -> None:
    there = Listening(TargetUnreachable("refused", "headers", timed_out=True))
    with pytest.raises(TargetUnreachable):
        await there.upstream.send(CALL)
    track = there.track
    assert (track.ending, track.why, track.sent) == ("unanswered", "refused", "headers")
    assert track.timed_out


async def test_an_answer_that_cannot_be_unpacked_is_closed() -> None:
    answer = FakeAnswer(headers={"content-encoding": "br"})
    there = Listening(answer)
    with pytest.raises(AnswerBroken):
        await there.upstream.send(CALL)
    assert (answer.closed, there.track.ending) == (1, "broken")
    await there.upstream.aclose()


async def test_what_is_too_much_is_counted_and_not_kept() -> None:
    there = Listening(FakeAnswer(b"a" * 100, b"b" * 100, b"c"), most_bytes=200)
    answer = await there.upstream.send(CALL)
    while await answer.read():
        pass
    assert (there.heard, there.track.cut, there.track.size) == ([b"a" * 100], True, 201)


async def test_all_tapes_together_hold_no_more_than_there_is_room() -> None:
    there = Listening(FakeAnswer(b"a" * 100, b"b" * 100), room=200)
    answer = await there.upstream.send(CALL)
    while await answer.read():
        pass
    assert there.track.cut
    assert not there.room.take(100)
    there.tape.release()
    assert there.room.take(200)


async def test_a_tape_that_was_dropped_keeps_nothing_and_tells_nobody() -> None:
    there = Listening(FakeAnswer(b"one", b"two"))
    answer = await there.upstream.send(CALL)
    await answer.read()
    there.tape.drop()
    await answer.read()
    there.tape.end()
    assert (there.heard, there.ended) == ([], [])
    assert there.room.take(ROOMY)


async def test_its_end_is_told_once() -> None:
    there = Listening()
    there.tape.end()
    there.tape.end()
    assert there.ended == [there.tape]


async def begun(there: Listening, inner: FakePushAnswer) -> PushAnswer:
    """The answer as one that pushes, once its first bytes were read."""
    answer = await there.upstream.send(CALL)
    inner._arrived = b"first"
    await answer.read()
    pushing = answer.pushing()
    assert pushing is not None
    return pushing


async def test_what_pushes_goes_on_pushing() -> None:
    inner = FakePushAnswer()
    there = Listening(inner)
    pushing = await begun(there, inner)
    inner._arrived = b"second"
    assert (pushing.take(), pushing.take()) == (b"second", b"")
    assert not pushing.ended
    assert not pushing.broken
    pushing.pause()
    pushing.resume()
    told: list[bytes] = []
    pushing.on_data(told.append)
    inner.arrive(b"third")
    pushing.on_data(None)
    inner.end()
    assert told == [b"third"]
    assert pushing.ended
    assert there.heard == [b"first", b"second", b"third"]
    assert there.track.ending == "clean"


async def test_a_push_that_breaks_is_heard_as_that() -> None:
    inner = FakePushAnswer()
    there = Listening(inner)
    pushing = await begun(there, inner)
    inner.broken = True
    assert pushing.broken
    assert there.track.ending == "broken"


@given(st.lists(st.integers(1, 40), max_size=20))
@settings(max_examples=30)
def test_a_tape_changes_nothing_of_what_the_caller_gets(cuts: list[int]) -> None:
    whole, pieces = b"".join(CHAT), []
    for cut in cuts:
        pieces.append(whole[:cut])
        whole = whole[cut:]
    pieces = [piece for piece in [*pieces, whole] if piece]

    async def compare() -> None:
        plain = await Scene(FakeAnswer(*pieces), stream=True).run()
        scene = Scene(FakeAnswer(*pieces), stream=True)
        tape = await taken_down(scene)
        assert scene.downstream.pieces == plain.pieces
        assert [data for _, data in tape.tracks[0].pieces] == pieces
        assert tape.said_digest.hexdigest() == hashlib.sha256(plain.body).hexdigest()
        assert tape.said_bytes == len(plain.body)

    asyncio.run(compare())


async def test_whole_answers_and_errors_are_heard_as_they_are_told() -> None:
    for plan in (reply(), reply(b"no", 500), TargetUnreachable("refused")):
        scene = Scene(plan, routes=[route("one", retries=0)])
        tape = await taken_down(scene)
        assert tape.said_digest.hexdigest() == hashlib.sha256(scene.downstream.body).hexdigest()
        assert len(tape.tracks) == 1


async def test_a_translation_leaves_what_its_ids_were_made_of() -> None:
    scene = Scene(FakeAnswer(*MESSAGES), backends=[backend(speaks=("messages",))], stream=True)
    tape = await taken_down(scene)
    [track] = tape.tracks
    assert (track.dialect, track.relays, len(track.seeds)) == ("messages", False, 1)


async def test_the_end_behind_the_terminator_is_heard_before_the_tape_ends() -> None:
    ends: list[str] = []
    scene = Scene(FakeAnswer(chunk("Hi"), chunk(finish="stop"), DONE), stream=True)
    scene.exchange.tape = Tape(ROOMY, Room(ROOMY), lambda tape: ends.append(tape.tracks[0].ending))
    await scene.run()
    assert ends == ["clean"]
