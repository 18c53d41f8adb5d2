"""Recordings over the admin API: downloaded as they are, played, and never a traceback."""

from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest

from headgate.admin.app import create_app
from headgate.admin.recordings import NOTHING_KEPT, Playing
from headgate.model.book_query import RequestDetail
from headgate.model.recorded import PieceLine, Recorded
from headgate.pipeline.playback import CannotPlay, Played
from tests.admin.conftest import FakeAnalytics, FakeRequestLog, World, deps, signed_in
from tests.storage.samples import closed
from tests.wire.recorded_samples import BROKEN, FILE, RECORDED, file_of

NOW = Played(
    status=200, headers={"x-a": "b"}, body=b"abc", outcome="truncated", request_known=False
)


class FakePlaying:
    """Files by id, and what a playback gives."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"req_1": FILE}
        self.played = NOW
        self.error: Exception | None = None

    async def find(self, id_: str) -> bytes | None:
        if isinstance(self.error, OSError):
            raise self.error
        return self.files.get(id_)

    async def play(self, recorded: Recorded) -> Played:
        if self.error is not None:
            raise self.error
        return self.played


@pytest.fixture
def playing() -> FakePlaying:
    return FakePlaying()


@pytest.fixture
async def operator(playing: FakePlaying) -> AsyncIterator[httpx2.AsyncClient]:
    parts = deps(FakeRequestLog(), FakeAnalytics(), World())
    recordings = Playing(find=playing.find, play=playing.play)
    app = create_app(msgspec.structs.replace(parts, recordings=recordings))
    async with signed_in(app) as client:
        yield client


async def test_a_recording_is_downloaded_as_it_is(operator: httpx2.AsyncClient) -> None:
    answered = await operator.get("/admin/requests/req_1/stream")
    assert answered.content == FILE
    assert answered.headers["content-type"] == "application/octet-stream"
    assert answered.headers["content-disposition"] == 'attachment; filename="req_1.stream"'


async def test_a_damaged_one_can_still_be_downloaded(
    operator: httpx2.AsyncClient, playing: FakePlaying
) -> None:
    playing.files["req_1"] = FILE[:50]
    assert (await operator.get("/admin/requests/req_1/stream")).content == FILE[:50]


@pytest.mark.parametrize(("method", "what"), [("GET", "stream"), ("POST", "replay")])
async def test_where_none_is_kept_it_is_a_404_with_a_sentence(
    operator: httpx2.AsyncClient, admin: httpx2.AsyncClient, method: str, what: str
) -> None:
    for client in (operator, admin):
        answered = await client.request(method, f"/admin/requests/unknown/{what}")
        assert answered.status_code == 404
        assert "logging.record" in answered.json()["error"]


async def test_without_a_recording_the_stream_is_shown_as_the_log_kept_it(
    admin: httpx2.AsyncClient, log: FakeRequestLog
) -> None:
    for id_, stream, body in (("s", True, "data: {}\n\n"), ("w", False, "{}"), ("n", True, None)):
        log.details[id_] = RequestDetail(closed(stream=stream, response_body=body))
    answered = await admin.get("/admin/requests/s/stream")
    assert (answered.status_code, answered.text) == (200, "data: {}\n\n")
    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (await admin.get("/admin/requests/w/stream")).status_code == 404
    assert (await admin.get("/admin/requests/n/stream")).status_code == 404


async def test_a_playback_tells_what_was_and_what_would_be(operator: httpx2.AsyncClient) -> None:
    answered = (await operator.post("/admin/requests/req_1/replay")).json()
    assert (answered["id"], answered["equal"], answered["intact"]) == ("req_1", False, True)
    assert not answered["request_known"]
    assert answered["delivered"] == {
        "status": 200,
        "outcome": "truncated",
        "bytes": 3,
        "sha256": "0" * 64,
    }
    now = answered["now"]
    assert (now["body"], now["body_base64"], now["bytes"]) == ("abc", None, 3)
    assert now["headers"] == {"x-a": "b"}
    assert any(now["sha256"] in difference for difference in answered["differences"])


async def test_a_playback_that_gives_the_same_is_equal(
    operator: httpx2.AsyncClient, playing: FakePlaying
) -> None:
    assert RECORDED.delivered is not None
    delivered = msgspec.structs.replace(RECORDED.delivered, sha256=NOW.sha256)
    playing.files["req_1"] = file_of(msgspec.structs.replace(RECORDED, delivered=delivered))
    answered = (await operator.post("/admin/requests/req_1/replay")).json()
    assert (answered["equal"], answered["differences"]) == (True, [])


async def test_what_is_no_text_comes_as_base64(
    operator: httpx2.AsyncClient, playing: FakePlaying
) -> None:
    playing.played = msgspec.structs.replace(NOW, body=b"\xff\x00")
    now = (await operator.post("/admin/requests/req_1/replay")).json()["now"]
    assert (now["body"], now["body_base64"]) == (None, "/wA=")


async def test_a_forged_recording_is_not_intact(
    operator: httpx2.AsyncClient, playing: FakePlaying
) -> None:
    attempt = msgspec.structs.replace(BROKEN, pieces=(PieceLine(at_us=1, text="other"),))
    playing.files["req_1"] = file_of(msgspec.structs.replace(RECORDED, attempts=(attempt,)))
    answered = (await operator.post("/admin/requests/req_1/replay")).json()
    assert not answered["intact"]
    assert answered["differences"][0] == "the bytes of attempt 2 are not those of their digest"


async def test_what_cannot_be_played_is_a_409_that_says_why(
    operator: httpx2.AsyncClient, playing: FakePlaying
) -> None:
    playing.files["req_1"] = FILE[:-9]
    answered = await operator.post("/admin/requests/req_1/replay")
    assert answered.status_code == 409
    assert "cut off at byte" in answered.json()["error"]
    playing.files["req_1"] = FILE
    for error in (CannotPlay("it is too short"), OSError(5, "Input/output error")):
        playing.error = error
        answered = await operator.post("/admin/requests/req_1/replay")
        assert answered.status_code == 409
        assert answered.json()["error"].endswith(("it is too short", "Input/output error"))


async def test_where_nothing_is_ever_recorded_nothing_is_played() -> None:
    assert await NOTHING_KEPT.find("req_1") is None
    with pytest.raises(CannotPlay):
        await NOTHING_KEPT.play(RECORDED)
