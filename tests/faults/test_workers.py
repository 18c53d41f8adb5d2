"""Limits at a gateway of several workers: they hold for all of them together."""

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import ScriptedUpstream
from tests.faults.books import row_of
from tests.faults.caller import PATHS, Answer, Line, ask, question, request
from tests.faults.process import Served, served, until
from tests.faults.serving import over
from tests.faults.streams import FRAMES, OPENING, raw
from tests.faults.told import check_error

PRICES = {"mo*": {"input": 10.0, "output": 100.0}}
COST_USD = (5 * 10 + 2 * 100) / 1_000_000
"""Of one whole answer."""
CROWD = 12

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="asks Linux for the workers"
)


@contextlib.contextmanager
def two_workers(
    upstream: ScriptedUpstream, folder: Path, **limits: float | str
) -> Iterator[Served]:
    config = over(upstream.url, prices=PRICES)
    config["users"] = [user("alice", **limits)]
    with served(folder, config, "--workers", "2") as process:
        yield process


def user(name: str, **limits: float | str) -> dict[str, Any]:
    return {"name": name, "api_key": key(name), "backends": "*", "limits": limits}


def key(name: str) -> str:
    return f"a-long-key-of-{name}"


def put(process: Served, worker: int | None = None, **more: Any) -> Answer:
    """A small request, to that worker where one is named."""
    body = question("chat", "chat", **more)
    chosen = contextlib.nullcontext() if worker is None else process.only(worker)
    with chosen:
        return ask(process.url, "chat", body, x_api_key=key("alice"))


class Streams:
    """Streams that stand still in the midst."""

    def __init__(self, process: Served, kept: contextlib.ExitStack) -> None:
        self._process = process
        self._kept = kept
        self.lines: dict[str, Line] = {}

    def open(self, worker: int | None = None) -> int:
        """Asks for one more; the status that was answered."""
        chosen = contextlib.nullcontext() if worker is None else self._process.only(worker)
        with chosen:
            line = self._kept.enter_context(Line(self._process.url))
            line.send(request(PATHS["chat"], question("chat", "chat"), x_api_key=key("alice")))
            status, headers = line.head()
        if status == 200:
            line.until(b"Hel")
            self.lines[headers["x-request-id"]] = line
        return status

    def leave(self) -> None:
        """Leaves all of them, until the gateway knows."""
        for line in self.lines.values():
            line.leave()
        for request_id in self.lines:
            row_of(self._process, request_id)
        self.lines.clear()


@contextlib.contextmanager
def standing(upstream: ScriptedUpstream, process: Served) -> Iterator[Streams]:
    upstream.script(**raw(*FRAMES["chat"]), stall_after=OPENING["chat"])
    with contextlib.ExitStack() as kept:
        yield Streams(process, kept)


def test_a_rate_is_one_for_all_workers(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script(**raw(*FRAMES["chat"]))
    with two_workers(upstream, tmp_path, requests_per_day=10) as process:
        turns = itertools.cycle(process.workers())
        told = [put(process, worker) for worker, _ in zip(turns, range(14), strict=False)]
        assert [answer.status for answer in told] == [200] * 10 + [429] * 4
        remaining = [int(answer.headers["x-ratelimit-remaining-requests"]) for answer in told]
        assert remaining == [*range(9, -1, -1), 0, 0, 0, 0]
        assert {answer.headers["x-ratelimit-limit-requests"] for answer in told} == {"10"}
        message = check_error(told[-1], "chat", 429, "rate_limit_exceeded", "")
        assert "this user may use 10 requests a day" in message


def test_a_crowd_at_once_gets_the_limit_and_not_one_more(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    limits = {"concurrent": 3, "requests_per_day": 1000}
    with (
        two_workers(upstream, tmp_path, **limits) as process,
        standing(upstream, process) as streams,
        ThreadPoolExecutor(CROWD) as pool,
    ):
        together = threading.Barrier(CROWD)

        def come(_: int) -> int:
            together.wait(20)
            return streams.open()

        for _ in range(3):
            assert sorted(pool.map(come, range(CROWD))) == [200] * 3 + [429] * (CROWD - 3)
            streams.leave()


def test_a_place_that_one_worker_gives_free_another_can_take(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    with (
        two_workers(upstream, tmp_path, concurrent=2) as process,
        standing(upstream, process) as streams,
    ):
        first, second = process.workers()
        assert [streams.open(worker) for worker in (first, second)] == [200] * 2
        assert [streams.open(worker) for worker in (first, second)] == [429] * 2
        next(iter(streams.lines.values())).leave()
        until(lambda: streams.open(second) == 200)
        assert streams.open(first) == 429


def test_a_budget_is_one_and_the_books_are_added_once(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script(**raw(*FRAMES["chat"]))
    with two_workers(upstream, tmp_path, budget_usd=2.5 * COST_USD) as process:
        first, second = process.workers()
        # The second worker finds it in the books, too, when it is asked for the first time.
        row_of(process, put(process, first).id)
        assert put(process, second).status == 200
        assert put(process, second).status == 200
        for worker in (first, second):
            answer = put(process, worker)
            check_error(answer, "chat", 429, "insufficient_quota", "")


def test_places_of_a_worker_that_was_killed_are_free_again(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    with (
        two_workers(upstream, tmp_path, concurrent=4) as process,
        standing(upstream, process) as streams,
    ):
        killed, other = process.workers()
        workers = (killed, killed, killed, other)
        assert [streams.open(worker) for worker in workers] == [200] * 4
        assert [streams.open(worker) for worker in (killed, other)] == [429] * 2
        os.kill(killed, signal.SIGKILL)
        assert [line.rest() for line in [*streams.lines.values()][:3]] == ["broken"] * 3
        until(lambda: streams.open() == 200)
        successor = next(pid for pid in process.workers() if pid != other)
        assert [streams.open(worker) for worker in (other, successor)] == [200] * 2
        assert [streams.open(worker) for worker in (other, successor)] == [429] * 2
