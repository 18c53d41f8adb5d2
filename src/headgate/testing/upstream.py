"""The scripted upstream in a thread of the test's own process."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from headgate.mock.listen import bind, listening, url_of
from headgate.mock.script import scripts_from
from headgate.mock.server import create_app

Request = dict[str, Any]


class ScriptedUpstream:
    """A backend that does what a test tells it, on a free port of 127.0.0.1.

    ::

        with ScriptedUpstream() as upstream:
            upstream.script(text="Hello", disconnect_after=2)
            ...                                  # talk to upstream.url
            assert upstream.requests()[0]["body"]["stream"] is True

    Without a script it echoes. The keys are those of docs/mock.md.
    """

    def __init__(self, models: Sequence[str] = ("mock",)) -> None:
        self._app = create_app(models)
        self._listener = bind("127.0.0.1", 0)
        self.url = url_of(self._listener)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="scripted-upstream", daemon=True)
        self._thread.start()

    def script(self, *scripts: dict[str, Any], **keys: Any) -> None:
        """Sets what the next answers do: keys for all of them, or one object an answer.

        Raises `headgate.mock.script.ScriptError` for a script that cannot be followed.
        """
        if scripts and keys:
            raise TypeError("give keys or script objects, not both")
        self._app.follow(scripts_from(list(scripts) if scripts else keys))

    def reset(self) -> None:
        """Forgets the scripts and the requests."""
        self._app.reset()

    def requests(self, method: str | None = None) -> list[Request]:
        """What arrived, oldest first; with `method`, only such requests."""
        return [one for one in self._app.requests() if method in (None, one["method"])]

    def wait_for(self, accept: Callable[[Request], Any], timeout_s: float = 20.0) -> Request:
        """The first request that `accept` takes, as soon as there is one.

        Raises TimeoutError where none comes, or none becomes so.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            found = next((one for one in self._app.requests() if accept(one)), None)
            if found is not None:
                return found
            if time.monotonic() > deadline_s:
                seen = [f"{one['method']} {one['path']}" for one in self._app.requests()]
                raise TimeoutError(f"no such request in {timeout_s:g} s; there were {seen}")
            time.sleep(0.005)

    def stop(self) -> None:
        """Closes every connection and the port. Further calls do nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        """The upstream serves since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it."""
        self.stop()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        async with listening(self._app, self._listener):
            await self._stop.wait()
