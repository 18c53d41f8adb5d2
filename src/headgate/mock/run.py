"""The command ``headgate mock``: the scripted upstream in the foreground."""

import asyncio
import pathlib
import signal
import sys
from collections.abc import Callable

import uvicorn

from headgate.mock.listen import Served, bind, listening, url_of
from headgate.mock.script import Script, ScriptError, read_scripts
from headgate.mock.server import create_app


def run(host: str, port: int, script_path: str | None = None) -> None:
    """Serves until SIGINT or SIGTERM; prints the URL first.

    Raises OSError where the address or the file cannot be had and ScriptError for a bad script;
    both say what is wrong in one sentence.
    """
    scripts = load(script_path) if script_path else ()
    app = create_app()
    app.follow(scripts)
    serve(app, (host, port), lambda url: f"headgate mock: {url}")


def serve(app: Served, address: tuple[str, int], announce: Callable[[str], str]) -> None:
    """Serves `app` until SIGINT or SIGTERM; prints what `announce` makes of the URL first. Raises
    OSError."""
    listener = bind(*address)
    sys.stdout.write(f"{announce(url_of(listener))}\n")
    sys.stdout.flush()

    async def work() -> None:
        async with listening(app, listener):
            await _interrupted()

    factory = uvicorn.Config(app, log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work())


def load(path: str) -> tuple[Script, ...]:
    """The scripts in the file at `path`."""
    try:
        text = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise OSError(f"cannot read {path}: {error.strerror}") from error
    try:
        return read_scripts(text)
    except ScriptError as error:
        raise ScriptError(f"{path}: {error}", error.key) from error


async def _interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
