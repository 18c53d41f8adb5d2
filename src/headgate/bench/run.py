"""The command: a scripted upstream and a gateway, each in a process, measured and ended."""

import asyncio
import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from headgate import __version__
from headgate.bench.caller import BenchFailed, connected, request_of
from headgate.bench.measure import MODEL, Share, Times, Way, measure
from headgate.bench.table import table
from headgate.testing.gateway import Gateway, GatewayFailed

_READY_S = 20.0
_SCRIPT = {"text": ["word "] * 10, "delay_ms": 3, "dialect": "chat"}
"""A stream whose chunks come far enough apart to be told from each other."""


def run(requests: int, seconds: float) -> None:
    """Measures and prints a table: at most `requests` each way of each kind, within about
    `seconds`. SIGTERM ends it with what it started. Raises BenchFailed."""
    leaving = _Leaving()
    with leaving, _upstream() as upstream, _gateway(upstream) as through, leaving.at_once():
        direct, gateway = asyncio.run(_measured(Way(upstream), through, Share(requests, seconds)))
    sys.stdout.write("\n".join(_told(direct, gateway)) + "\n")


class _Leaving:
    """SIGTERM ends the measurement at once, but no start and no end of a process in the middle,
    which would leave that process behind."""

    def __init__(self) -> None:
        self._asked = self._may = False
        self._before: Any = signal.SIG_DFL

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._ask)

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """In here it may end anywhere."""
        self._may = True
        try:
            self._leave_if_asked()
            yield
        finally:
            self._may = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        self._leave_if_asked()

    def _leave_if_asked(self) -> None:
        if self._asked and self._may:
            sys.exit(128 + signal.SIGTERM)


async def _measured(direct: Way, through: Way, share: Share) -> tuple[Times, Times]:
    async with connected(direct.url) as caller:
        await caller.ask(request_of(direct.url, "/__script", _SCRIPT))
    return await measure(direct, through, share)


def _told(direct: Times, through: Times) -> list[str]:
    cores = os.cpu_count() or 1
    jsons, streams = len(direct.whole_s), len(direct.first_s)
    return [
        f"Headgate {__version__}, one worker, {cores} core{'s' * (cores > 1)}; "
        f"{jsons} requests and {streams} streams each way, one at a time.",
        "",
        *table(direct, through),
        "",
        "Client, upstream and gateway share this machine: on a busy one, run it again.",
    ]


@contextlib.contextmanager
def _upstream() -> Iterator[str]:
    """The address of a scripted upstream in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "headgate", "mock", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield _address_of(process)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _address_of(process: "subprocess.Popen[bytes]") -> str:
    """What the upstream prints once it listens."""
    assert process.stdout is not None, "it was started with a pipe"
    readable, _, _ = select.select([process.stdout], [], [], _READY_S)
    line = process.stdout.readline().decode() if readable else ""
    address = line.rpartition(" ")[2].strip()
    if not address.startswith("http"):
        process.kill()
        said = (line + process.stdout.read().decode("utf-8", "replace")).strip()
        why = said.splitlines()[-1] if said else f"it said nothing in {_READY_S:g} s"
        raise BenchFailed(f"the scripted upstream could not be started: {why}")
    return address


@contextlib.contextmanager
def _gateway(upstream: str) -> Iterator[Way]:
    """A gateway before it, with key check, limits, accounting and request log on."""
    key = secrets.token_urlsafe(24)
    limits: dict[str, Any] = {
        "requests_per_minute": 1_000_000_000,
        "tokens_per_minute": 1_000_000_000_000,
        "concurrent": 1_000_000,
    }
    config: dict[str, Any] = {
        "backends": {"up": {"base_url": upstream, "speaks": ["chat"], "models": [MODEL]}},
        "users": [{"name": "bench", "api_key": key, "backends": "*", "limits": limits}],
    }
    try:
        gateway = Gateway(config)
    except GatewayFailed as error:
        why = str(error).splitlines()[-1]
        raise BenchFailed(f"the gateway could not be started: {why}") from error
    with gateway:
        yield Way(gateway.url, key)
