"""Chaos for a while, judged from outside: callers and a backend of which neither keeps to any rule.

Whoever stays is told one thing, the right one; the books hold each exchange once, with what the
backend sent; and when all are gone nothing of them is left. ``HEADGATE_SOAK=600`` goes on for that
many seconds: ``make soak``.
"""

import contextlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.testing import Gateway
from tests.chance import chosen_seed
from tests.faults.books import Row, rows_in
from tests.faults.caller import PATHS, Line, ask, get, request
from tests.faults.process import served, until
from tests.faults.serving import add_hasty, over
from tests.faults.test_load import resident_mb
from tests.faults.wild_backend import WildBackend, wild_backend
from tests.faults.wild_caller import KEYS, Told, WildCallers
from tests.faults.wild_plan import Plan, plan_of

SECONDS = float(os.environ.get("HEADGATE_SOAK", "5"))
WARM_UP_S = 2.0
THREADS = 12
CONCURRENT = 40
MOST_GROWTH_MB = 80
DRAIN_S = 1.0
OUTCOMES = {
    "whole": {"complete"},
    "refused": {"upstream_error", "timeout", "truncated", "drained"},
    "broken": {"upstream_error", "timeout", "truncated", "drained"},
}
INSPECTED = """
import asyncio, gc, os, pathlib, signal

def count(*_):
    tasks = [one for one in gc.get_objects() if isinstance(one, asyncio.Task)]
    told = pathlib.Path(os.environ["TOLD"])
    whole = told.with_suffix(".whole")
    whole.write_text(str(sum(not task.done() for task in tasks)))
    whole.rename(told)

signal.signal(signal.SIGUSR1, count)

from headgate.cli import main
main()
"""


def config(url: str) -> dict[str, Any]:
    """Models of all dialects of the backend; a policy for who asks for it."""
    settings = over(url)
    add_hasty(settings, url, first_event="300ms", idle="300ms", total="1s")
    settings["backends"]["messages"]["on_disconnect"] = "drain"
    settings["server"]["heartbeat"] = "200ms"
    settings["logging"] = {"record": "failures"}
    settings["users"] = [
        {"name": name, "api_key": key, "backends": "*", "limits": {"concurrent": CONCURRENT}}
        for name, key in zip(("alice", "bob"), KEYS, strict=True)
    ]
    settings["users"][1]["detail_logging"] = True
    redact = {
        "policy": "redact",
        "regexes": {"gone": "end"},
        "patterns": [],
        "when": {"header": {"x-policy": ["redact"]}},
    }
    settings["policies"] = {"source": "file", "chain": [redact]}
    return settings


class Soaked:
    """A gateway and what it holds."""

    def __init__(self, gateway: Gateway, told: Path) -> None:
        self.gateway = gateway
        self._told = told

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.gateway.pid}/fd"))

    def tasks(self) -> int:
        os.kill(self.gateway.pid, signal.SIGUSR1)
        until(self._told.exists)
        count = int(self._told.read_text())
        self._told.unlink()
        return count

    def in_flight(self) -> int:
        token = f"Bearer {self.gateway.admin_token}"
        text = get(self.gateway.url, "/metrics", authorization=token).body
        found = re.search(rb"^headgate_requests_in_flight\S* (\d+)", text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    def rows(self) -> list[Row]:
        return rows_in(self.gateway.data)


@pytest.fixture
def seed(record_property: Callable[[str, object], None]) -> int:
    seed = chosen_seed()
    record_property("seed", seed)
    return seed


@pytest.fixture
def backend_(seed: int) -> Iterator[WildBackend]:
    with wild_backend(seed) as backend:
        yield backend


@pytest.fixture
def soaked(backend_: WildBackend, tmp_path: Path) -> Iterator[Soaked]:
    told = tmp_path / "told"
    program = (sys.executable, "-c", INSPECTED)
    with Gateway(config(backend_.url), env={"TOLD": str(told)}, program=program) as gateway:
        yield Soaked(gateway, told)
        code, log = gateway.stop(), gateway.log
    assert "Traceback" not in log, log[-10_000:]
    assert "failed" not in log, log[-10_000:]
    assert code == 0


@pytest.mark.timeout(120 + 2 * SECONDS)
def test_whatever_callers_and_backends_do(
    soaked: Soaked,
    backend_: WildBackend,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    begun_with = soaked.descriptors(), soaked.tasks()
    callers = WildCallers(soaked.gateway.url, seed)
    callers.run(THREADS, WARM_UP_S)
    before_mb = resident_mb(soaked.gateway.pid)
    count = callers.run(THREADS, SECONDS)
    assert callers.wrong == [], (seed, len(callers.wrong), callers.wrong[:3])
    until(lambda: soaked.in_flight() == 0)
    until(lambda: soaked.descriptors() <= begun_with[0] + THREADS)
    until(lambda: soaked.tasks() <= begun_with[1])
    assert resident_mb(soaked.gateway.pid) - before_mb < MOST_GROWTH_MB
    until(lambda: {f"n{number}." for number in callers.told} <= sessions(soaked.rows()))
    check_books(seed, soaked.rows(), callers, backend_)
    check_limits(soaked, backend_, seed, count)
    ends = dict(Counter(row["outcome"] for row in soaked.rows()))
    record_property("soak", f"{count} exchanges, seed {seed}: {ends}")
    sys.stderr.write(f"\n{count} exchanges in {SECONDS:g} s, seed {seed}: {ends}\n")


def sessions(rows: list[Row]) -> set[str]:
    return {str(row["session"]) for row in rows}


def check_books(seed: int, rows: list[Row], callers: WildCallers, asked: WildBackend) -> None:
    """Each exchange is there once and says what the backend sent and the caller was told."""
    by_number = {int(row["session"][1:-1]): row for row in rows if row["session"]}
    assert len(by_number) == sum(row["session"] is not None for row in rows), "one is there twice"
    lost = asked.asked.keys() - by_number.keys()
    assert not lost, (seed, [plan_of(seed, number) for number in lost][:3])
    wrong = [
        (plan, row)
        for number, row in by_number.items()
        if not is_right(plan := plan_of(seed, number), row, callers.told.get(number))
    ]
    assert wrong == [], (seed, len(wrong), wrong[:3])
    assert {row["outcome"] for row in rows if row["status_code"] == 500} == set()


def is_right(plan: Plan, row: Row, told: Told | None) -> bool:
    """Whether a row says what became of that plan."""
    if told is None:
        return bool(row["outcome"] != "killed")
    if row["id"] != told.id or row["outcome"] not in OUTCOMES[told.kind]:
        return False
    counted = (row["prompt_tokens"], row["completion_tokens"])
    return told.kind != "whole" or counted == (5, plan.tokens)


def check_limits(soaked: Soaked, asked: WildBackend, seed: int, count: int) -> None:
    """Nobody who is gone takes a place: as many as may be there at once are admitted, no more."""
    plans = (plan_of(seed, number) for number in range(count, count + 10_000))
    plan = next(plan for plan in plans if plan.conduct == "silent" and plan.backend == "chat")
    body = plan.body().replace(plan.model.encode(), plan.backend.encode())  # takes its time
    head = {"authorization": f"Bearer {KEYS[0]}"}
    with contextlib.ExitStack() as kept:
        for _ in range(CONCURRENT):
            line = kept.enter_context(Line(soaked.gateway.url))
            line.send(request(PATHS[plan.caller], body, **head))
        until(lambda: asked.asked[plan.number] == CONCURRENT)
        assert soaked.tasks() >= CONCURRENT
        answer = ask(soaked.gateway.url, plan.caller, body, **head)
        assert answer.status == 429, answer
        assert json.loads(answer.body)["error"]["message"]


@pytest.mark.parametrize("when_s", [0.0, 0.5, 1.5])
def test_a_drain_in_the_middle_of_it(
    backend_: WildBackend, seed: int, tmp_path: Path, when_s: float
) -> None:
    settings = config(backend_.url)
    settings["server"]["drain"] = f"{DRAIN_S * 1000:.0f}ms"
    with served(tmp_path, settings) as process:
        callers = WildCallers(process.url, seed)
        running = threading.Thread(target=callers.run, args=(THREADS, WARM_UP_S + when_s))
        running.start()
        until(lambda: len(backend_.asked) > THREADS)
        time.sleep(when_s)
        callers.draining = True
        process.signal(signal.SIGTERM)
        running.join()
        assert process.end() == 0
        assert callers.wrong == [], (seed, len(callers.wrong), callers.wrong[:3])
        check_books(seed, rows_in(process.data), callers, backend_)
        assert list((process.data / "journal").iterdir()) == []
