"""Which exchanges are recorded, and that no credential is in what is kept of them."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec
import pytest

from headgate.filters.detail import Detail
from headgate.filters.taping import Taping, is_wanted
from headgate.model.recorded import Recorded
from headgate.pipeline.snapshot import Settings
from headgate.upstream.answer import TargetUnreachable
from headgate.wire import stream_file
from tests.filters.served import scene_of, user
from tests.pipeline.fakes import FakeAnswer, Scene, backend, refusal, reply, route
from tests.pipeline.samples import CHAT, chunk

Mode = Literal["off", "failures", "all"]
CALLER = "hg-of-the-caller-0123456789abcdef"
CORPUS = (
    "sk-proj-0123456789abcdefghij",
    "ghp_0123456789abcdefghij0123456789abcdef",
    "AKIA0123456789ABCDEF",
    "xoxb-0123456789-abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
    "Bearer 0123456789abcdefghij",
    "-----BEGIN PRIVATE KEY-----\\nMIIEvQ==\\n-----END PRIVATE KEY-----",
)


class FakeRecordings:
    """Takes recordings and has them written when it is asked for them."""

    def __init__(self) -> None:
        self.taken: dict[str, Callable[[], Iterable[bytes]]] = {}
        self.done: list[Callable[[], None]] = []

    def keep(
        self, exchange_id: str, write: Callable[[], Iterable[bytes]], done: Callable[[], None]
    ) -> None:
        self.taken[exchange_id] = write
        self.done.append(done)

    @property
    def file(self) -> bytes:
        [write] = self.taken.values()
        return b"".join(write())

    @property
    def recorded(self) -> Recorded:
        recorded = stream_file.read(self.file)
        assert stream_file.problems_of(recorded) == []
        return recorded


def recording(mode: Mode, *plans: Any, detail: bool = False, **more: Any) -> tuple[Any, Scene]:
    recordings = FakeRecordings()
    settings = Settings(heartbeat_s=0, record=mode)
    filters = [Detail(), Taping(recordings)]
    asked = more if "body" in more else {"stream": True, **more}
    scene = scene_of(
        user(detail_logging=detail), *plans, filters=filters, settings=settings, **asked
    )
    return recordings, scene


BROKEN = (chunk("Hello"), chunk(" there"))


@pytest.mark.parametrize(
    ("mode", "then", "kept"),
    [
        ("off", "break", False),
        ("failures", "break", True),
        ("failures", "end", False),
        ("all", "end", True),
        ("all", "break", True),
    ],
)
async def test_the_mode_says_which_exchanges_are_kept(mode: Mode, then: Any, kept: bool) -> None:
    pieces = CHAT if then == "end" else BROKEN
    recordings, scene = recording(mode, FakeAnswer(*pieces, then=then))
    await scene.run()
    assert bool(recordings.taken) == kept
    assert (scene.exchange.tape is None) == (mode == "off")


async def test_a_failure_that_another_attempt_made_good_is_one() -> None:
    both = [backend("one"), backend("two")]
    recordings, scene = recording("failures", refusal(503), FakeAnswer(*CHAT), backends=both)
    await scene.run()
    assert scene.outcome == "complete"
    outcomes = [attempt.ended.outcome for attempt in recordings.recorded.attempts]
    assert outcomes == ["upstream_error", "complete"]


async def test_where_no_backend_was_asked_nothing_is_kept() -> None:
    recordings, scene = recording("all", body=b'{"model": "unknown", "messages": []}')
    await scene.run()
    assert recordings.taken == {}
    assert not is_wanted(scene.exchange)


async def test_what_came_stands_there_with_its_cuts_and_its_ending() -> None:
    recordings, scene = recording("failures", FakeAnswer(*BROKEN, then="break"))
    downstream = await scene.run()
    recorded = recordings.recorded
    [attempt] = recorded.attempts
    assert [piece.data for piece in attempt.pieces] == list(BROKEN)
    assert (attempt.ended.ending, attempt.ended.outcome) == ("broken", "truncated")
    assert (attempt.asked.gear, attempt.asked.model) == ("relayed", "one-model")
    assert recorded.delivered.bytes == len(downstream.body)
    assert (recorded.exchange.dialect, recorded.exchange.stream) == ("chat", True)
    times = [attempt.head.at_us, *(p.at_us for p in attempt.pieces), attempt.ended.at_us]
    assert times == sorted(times)


async def test_who_cannot_be_reached_is_recorded_without_an_answer() -> None:
    routes = [route("one", retries=0)]
    gone = TargetUnreachable("refused", "nothing")
    recordings, scene = recording("failures", gone, routes=routes)
    await scene.run()
    [attempt] = recordings.recorded.attempts
    assert (attempt.head, attempt.pieces, attempt.ended.why) == (None, (), "refused")


@pytest.mark.parametrize(
    ("mode", "detail", "kept"),
    [("failures", False, False), ("failures", True, True), ("all", False, True)],
)
async def test_requests_are_kept_where_the_log_would_or_all_is_recorded(
    mode: Mode, detail: bool, kept: bool
) -> None:
    recordings, scene = recording(mode, FakeAnswer(*BROKEN, then="break"), detail=detail)
    await scene.run()
    recorded = recordings.recorded
    assert (recorded.exchange.request is not None) == kept
    assert (recorded.attempts[0].asked.body is not None) == kept
    assert recorded.exchange.request_bytes > 0


@pytest.mark.parametrize("secret", CORPUS)
async def test_no_secret_of_a_known_shape_is_in_the_file(secret: str) -> None:
    said = secret.replace("\\n", "\n")
    body = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": said}]}
    recordings, scene = recording(
        "all", FakeAnswer(chunk(f"it is {said}."), *CHAT[1:]), body=msgspec.json.encode(body)
    )
    downstream = await scene.run()
    shown = secret.removeprefix("Bearer ").split("\\n")[-2 if "\\n" in secret else -1]
    assert shown.encode() in downstream.body
    assert shown.encode() not in recordings.file
    assert b"MIIEvQ" not in recordings.file
    [attempt] = recordings.recorded.attempts
    assert attempt.ended.masked_bytes >= len(shown) // 2
    assert attempt.ended.bytes == attempt.ended.kept_bytes


async def test_neither_the_backends_nor_the_callers_key_is_in_the_file() -> None:
    one = backend(
        api_key="plain-backend-key",
        base_url="http://me:word-to-pass@one.test",
        headers=(("x-other-token", "another-secret"),),
    )
    echo = f"you said plain-backend-key, another-secret and {CALLER}"
    recordings, scene = recording(
        "all",
        refusal(401, echo, set_cookie="session=of-the-backend"),
        backends=[one],
        headers={"authorization": f"Bearer {CALLER}", "cookie": "id=of-the-caller"},
        routes=[route("one", retries=0)],
    )
    await scene.run()
    file = recordings.file.decode()
    hidden = ("plain-backend-key", "another-secret", CALLER, "of-the-", "word-to-pass")
    assert [secret for secret in hidden if secret in file] == []
    [attempt] = recordings.recorded.attempts
    assert attempt.asked.url == "http://one.test/v1/chat/completions"
    assert re.search(r"you said \*{17}, \*{14} and \*+", attempt.pieces[0].text)


async def test_only_headers_that_are_known_to_be_harmless_are_kept() -> None:
    answer = reply(b"{}", x_request_id="r1", x_unknown="u", retry_after="3")
    recordings, scene = recording("all", answer, stream=False)
    await scene.run()
    [attempt] = recordings.recorded.attempts
    assert dict(attempt.head.headers).keys() == {"content-type", "x-request-id", "retry-after"}
    assert "authorization" not in dict(attempt.asked.headers)


async def test_memory_is_given_back_when_it_is_written() -> None:
    recordings, scene = recording("all", FakeAnswer(*CHAT))
    await scene.run()
    tape = scene.exchange.tape
    assert tape is not None
    assert tape.tracks[0].pieces
    for done in recordings.done:
        done()
    assert not tape.tracks[0].pieces


async def test_a_recording_over_its_size_is_cut_and_says_so() -> None:
    recordings = FakeRecordings()
    settings = Settings(heartbeat_s=0, record="all", most_recorded=300)
    scene = Scene(FakeAnswer(*CHAT), filters=[Taping(recordings)], settings=settings, stream=True)
    await scene.run()
    [attempt] = recordings.recorded.attempts
    assert attempt.ended is not None
    assert attempt.ended.cut
    assert attempt.ended.bytes == sum(map(len, CHAT)) > attempt.ended.kept_bytes > 0
