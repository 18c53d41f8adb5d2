"""A recording as an upstream: the same bytes at the same cuts and times, and the same ending."""

import asyncio
from typing import Any

import msgspec
import pytest

from headgate.mock import replay
from headgate.mock.perform import Message
from headgate.mock.replay import Replayed, ReplayUpstream, answers_of
from headgate.model.outcome import Outcome
from headgate.model.recorded import Ending, RecordedAttempt
from headgate.wire.stream_file import Damaged
from tests.mock.driver import Caller
from tests.wire.recorded_samples import BROKEN, FILE, FIRST, RECORDED, SECOND, file_of

EMPTY = msgspec.structs.replace(RECORDED, attempts=())


class Line:
    """One request to the upstream, and what came of it."""

    def __init__(self, app: ReplayUpstream, method: str = "POST") -> None:
        self.app = app
        self.caller = Caller(b"{}")
        self.resets = 0
        self.sent: list[Message] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": "/any",
            "extensions": {"headgate.reset": {"reset": self._reset}},
        }

    async def _reset(self) -> None:
        self.resets += 1

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self) -> "Line":
        await self.app(self.scope, self.caller.receive, self._send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"]) if self.sent else 0

    @property
    def pieces(self) -> list[bytes]:
        return [message["body"] for message in self.sent[1:]]


def app_of(data: bytes = FILE, speed: float = 0.0) -> ReplayUpstream:
    return ReplayUpstream(answers_of(data), speed)


async def test_attempts_are_played_in_turn_and_then_from_the_first() -> None:
    app = app_of()
    first, second, third = [await Line(app).run() for _ in range(3)]
    assert (first.status, first.resets) == (0, 1)
    assert (second.status, second.pieces, second.resets) == (200, [FIRST, SECOND], 1)
    assert (third.status, third.resets) == (0, 1)
    assert second.sent[0]["headers"] == [(b"content-type", b"text/event-stream")]


@pytest.mark.parametrize(
    ("ending", "outcome", "cut", "plays"),
    [
        ("clean", "complete", False, "clean"),
        ("clean", "truncated", False, "clean"),
        ("stopped", "complete", False, "clean"),
        ("broken", "truncated", False, "reset"),
        ("stopped", "client_closed", False, "reset"),
        ("stopped", "drained", False, "reset"),
        ("stopped", "timeout", False, "stall"),
        ("unanswered", "timeout", False, "stall"),
        ("unanswered", "upstream_error", False, "reset"),
        ("clean", "complete", True, "reset"),
    ],
)
def test_it_ends_as_the_backend_did(
    ending: Ending, outcome: Outcome, cut: bool, plays: str
) -> None:
    assert BROKEN.ended is not None
    ended = msgspec.structs.replace(BROKEN.ended, ending=ending, outcome=outcome, cut=cut)
    attempt: RecordedAttempt = msgspec.structs.replace(BROKEN, ended=ended)
    [answer] = answers_of(file_of(msgspec.structs.replace(RECORDED, attempts=(attempt,))))
    assert answer.ending == plays


async def test_a_silence_lasts_until_the_caller_leaves() -> None:
    answer = Replayed(
        status=200, headers=(), head_at_s=0, pieces=((0.0, b"x"),), ends_at_s=0, ending="stall"
    )
    line = Line(ReplayUpstream((answer,), 0.0))
    running = asyncio.ensure_future(line.run())
    while not line.pieces:
        await asyncio.sleep(0)
    line.caller.leave()
    await running
    assert (line.pieces, line.resets) == ([b"x"], 0)


@pytest.mark.parametrize(("speed", "scale"), [(1.0, 1.0), (10.0, 0.1), (0.5, 2.0)])
async def test_times_are_scaled(
    monkeypatch: pytest.MonkeyPatch, speed: float, scale: float
) -> None:
    waits: list[float] = []
    now = [100.0]

    async def left_within(_: Any, seconds: float) -> bool:
        waits.append(seconds)
        now[0] += max(0.0, seconds)
        return False

    monkeypatch.setattr(replay, "left_within", left_within)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0], raising=False)
    answers = answers_of(FILE)
    await Line(ReplayUpstream(answers[1:], speed)).run()
    assert waits == pytest.approx([scale * s for s in (0.001, 0.001, 0.028, 0.01)])


async def test_at_once_waits_for_nothing() -> None:
    answer = Replayed(
        status=200, headers=(), head_at_s=9e9, pieces=((9e9, b"x"),), ends_at_s=9e9, ending="clean"
    )
    line = await Line(ReplayUpstream((answer,), 0.0)).run()
    assert line.pieces == [b"x", b""]


@pytest.mark.parametrize("at_s", [("head", 9e9, 9e9), ("piece", 0.0, 9e9)])
async def test_a_caller_who_leaves_early_gets_nothing_more(at_s: tuple[str, float, float]) -> None:
    _, head, piece = at_s
    answer = Replayed(
        status=200,
        headers=(),
        head_at_s=head,
        pieces=((piece, b"x"),),
        ends_at_s=piece,
        ending="clean",
    )
    line = Line(ReplayUpstream((answer,), 1.0))
    running = asyncio.ensure_future(line.run())
    await asyncio.sleep(0)
    line.caller.leave()
    await running
    assert line.pieces == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'data: {"a": 1}\n\ndata: [DONE]\n\n', "text/event-stream"),
        (b'{"id": "c1"}', "application/json"),
        (b'\n[{"a": 1}]', "application/json"),
        (b"", "text/event-stream"),
    ],
)
async def test_a_plain_body_is_played_as_one_answer(body: bytes, kind: str) -> None:
    line = await Line(app_of(body)).run()
    assert (line.status, b"".join(line.pieces)) == (200, body)
    assert line.sent[0]["headers"] == [(b"content-type", kind.encode())]


def test_of_a_damaged_recording_only_what_is_whole_is_played_and_only_if_asked() -> None:
    cut = FILE[: FILE.index(b'{"record":"ended","at_us":40000')]
    with pytest.raises(Damaged, match="cut off at byte"):
        answers_of(cut)
    answers = answers_of(cut, partial=True)
    assert [answer.ending for answer in answers] == ["reset", "reset"]
    assert [data for _, data in answers[1].pieces] == [FIRST, SECOND]
    with pytest.raises(Damaged):
        answers_of(FILE[:30], partial=True)
    with pytest.raises(Damaged, match="no attempt"):
        answers_of(file_of(EMPTY))


async def test_what_is_no_post_is_told_what_this_is() -> None:
    line = await Line(app_of(), "GET").run()
    assert line.status == 404
    assert b"recording" in line.pieces[0]


async def test_anything_but_http_is_none_of_its_business() -> None:
    line = Line(app_of())
    line.scope["type"] = "lifespan"
    await line.run()
    assert line.sent == []
