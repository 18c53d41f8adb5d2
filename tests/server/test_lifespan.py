"""The start and stop of an application."""

import pytest

from headgate.server.interface import Receive, Scope, Send
from headgate.server.lifespan import Lifespan
from headgate.server.service import CannotServe


async def test_it_starts_then_stops_and_its_state_is_kept() -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in ("startup", "shutdown"):
            heard.append((await receive())["type"])
            scope["state"]["step"] = step
            await send({"type": f"lifespan.{step}.complete"})

    lifespan = Lifespan(app)
    await lifespan.start()
    assert lifespan.state == {"step": "startup"}
    await lifespan.stop()
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


async def test_a_failure_that_is_told_is_the_reason() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = "Traceback\n  File ...\nOSError: no disk"
        await send({"type": "lifespan.startup.failed", "message": message})

    with pytest.raises(CannotServe, match=r"could not start: OSError: no disk\Z"):
        await Lifespan(app).start()


@pytest.mark.parametrize(("error", "told"), [(OSError("no disk"), "no disk"), (KeyError(), "Key")])
async def test_a_failure_that_is_raised_is_the_reason(error: Exception, told: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    with pytest.raises(CannotServe, match=told):
        await Lifespan(app).start()


async def test_an_application_that_takes_no_part_is_ready() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"

    lifespan = Lifespan(app)
    await lifespan.start()
    await lifespan.stop()


async def test_a_failure_to_stop_changes_nothing() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise OSError("too late")

    lifespan = Lifespan(app)
    await lifespan.start()
    await lifespan.stop()
