"""A serving process under test: started, listened to, signalled."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator


class Served:
    """The process, its port, and the lines it has written so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.port = 0

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def until(self, word: str) -> str:
        """Reads on to the next line that begins with `word`, and returns its rest."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode().strip()
            self.lines.append(line)
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError(f"no line {word!r} in {self.lines}")

    async def end(self) -> tuple[int, str]:
        """The exit code and what was written to standard error."""
        out, err = await self.process.communicate()
        self.lines += out.decode().splitlines()
        assert self.process.returncode is not None
        return self.process.returncode, err.decode()


@contextlib.asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[Served]:
    """A process that has begun to serve."""
    async with starting(*arguments) as served:
        served.port = int(await served.until("port"))
        yield served


@contextlib.asynccontextmanager
async def starting(*arguments: str) -> AsyncIterator[Served]:
    """A process that may or may not come to serve."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.server.served",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Served(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
