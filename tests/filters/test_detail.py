from typing import Any

import pytest

from headgate.filters.detail import Detail
from headgate.model.caller import User
from headgate.pipeline.compact import StreamDetail
from headgate.pipeline.snapshot import Settings
from tests.filters.served import scene_of, user
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, reply
from tests.pipeline.samples import CHAT, REPLY

WATCHED = user(detail_logging=True)
UNWATCHED = user()


async def ran(
    who: User, *plans: Plan, mode: StreamDetail = "raw", watched: bool = False, **more: Any
) -> Scene:
    settings = Settings(heartbeat_s=0, stream_detail=mode)
    backends = (backend("one", detail_logging=watched),)
    scene = scene_of(who, *plans, filters=[Detail()], settings=settings, backends=backends, **more)
    await scene.run()
    return scene


def recorded(scene: Scene) -> str | None:
    assert scene.exchange.recording is not None
    return scene.exchange.recording.body()


async def test_where_nobody_asked_nothing_is_recorded() -> None:
    assert (await ran(UNWATCHED, reply())).exchange.recording is None


@pytest.mark.parametrize(("who", "watched"), [(WATCHED, False), (UNWATCHED, True), (WATCHED, True)])
async def test_a_users_or_a_backends_wish_is_enough(who: User, watched: bool) -> None:
    scene = await ran(who, reply(), watched=watched)
    assert recorded(scene) == REPLY.decode() == scene.downstream.body.decode()


async def test_a_stream_is_recorded_as_the_caller_got_it() -> None:
    scene = await ran(WATCHED, FakeAnswer(*CHAT), stream=True)
    assert recorded(scene) == scene.downstream.body.decode()
    assert "usage" not in scene.downstream.body.decode()


async def test_a_stream_may_be_left_out() -> None:
    assert recorded(await ran(WATCHED, FakeAnswer(*CHAT), stream=True, mode="off")) is None
    assert recorded(await ran(WATCHED, reply(), mode="off")) == REPLY.decode()


async def test_a_refusal_is_recorded_too() -> None:
    scene = await ran(WATCHED, model="nobody's")
    assert "model_not_found" in (recorded(scene) or "")


async def test_a_broken_stream_is_recorded_with_its_error() -> None:
    scene = await ran(WATCHED, FakeAnswer(CHAT[0], then="break"), stream=True)
    assert recorded(scene) == scene.downstream.body.decode()
    assert "upstream_truncated" in (recorded(scene) or "")
