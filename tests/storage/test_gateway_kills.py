"""A whole gateway is killed under load, again and again: no exchange is lost, none is there twice,
and tokens are those that the backend says it sent.

``HEADGATE_KILLS=200`` kills more often than the suite has time for: ``make kills``.
"""

import contextlib
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from headgate.storage.engine import open_database
from headgate.storage.sql import Row
from headgate.storage.tables import attempts, exchanges
from headgate.testing import ScriptedUpstream
from tests.chance import chosen_seed
from tests.storage import forked_gateways

KILLS = int(os.environ.get("HEADGATE_KILLS", "4"))
CALLERS = 4
MOST = 100
"""Requests a life; each asks for a model of its own name, so that rows can be told apart."""
KEY = "key-of-the-callers-0123456789"
ROOT = pathlib.Path(__file__).resolve().parents[2]
_PATIENCE_S = 60.0


class Gateways:
    """Starts gateways on one data folder and one database, and kills them."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._count = itertools.count()
        self._program = subprocess.Popen(
            [sys.executable, "-m", forked_gateways.__name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self) -> "Started":
        """A gateway that is starting."""
        log = self._folder / f"log{next(self._count)}"
        program = self._program
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"{self._folder / 'data'} {self._folder / 'gateway.yaml'} {log}\n")
        program.stdin.flush()
        return Started(int(program.stdout.readline()), log)

    def close(self) -> None:
        self._program.communicate(timeout=_PATIENCE_S)


class Started:
    """One gateway."""

    def __init__(self, pid: int, log: pathlib.Path) -> None:
        self.pid = pid
        self._log = log

    def listens(self) -> str:
        """Its address, once it listens."""
        found = _until(lambda: re.search(r"listens on http://(\S+)\n", self.said))
        assert isinstance(found, re.Match)
        return str(found[1])

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def end(self, how: signal.Signals) -> None:
        """Ends it and waits until it is gone: its journal's lock is free then."""
        os.kill(self.pid, how)
        _until(lambda: _is_gone(self.pid))
        assert "Traceback" not in self.said, self.said


class Load:
    """Callers who ask until the gateway is gone."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._numbers = itertools.count()
        self.words: dict[str, int] = {}
        self.told: dict[str, tuple[int, int]] = {}
        """What callers read as usage, of answers that came whole, by the model's name."""

    def run(self, address: str) -> list[threading.Thread]:
        numbers = iter(list(itertools.islice(self._numbers, MOST)))
        callers = [
            threading.Thread(target=self._ask, args=(address, numbers)) for _ in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        return callers

    def _ask(self, address: str, numbers: Iterator[int]) -> None:
        line = http.client.HTTPConnection(address, timeout=_PATIENCE_S)
        with contextlib.closing(line), contextlib.suppress(OSError, http.client.HTTPException):
            for number in numbers:
                self._one(line, number)

    def _one(self, line: http.client.HTTPConnection, number: int) -> None:
        name, stream = f"m{number}", number % 2 == 0
        self.words[name] = words = 1 + number % 17
        text = " ".join(["word"] * words)
        body = {"model": name, "stream": stream, "messages": [{"role": "user", "content": text}]}
        if stream:
            body["stream_options"] = {"include_usage": True}
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        line.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        answer = line.getresponse()
        said = answer.read()
        assert answer.status == 200, said
        self.told[name] = (_number("prompt_tokens", said), _number("completion_tokens", said))


@pytest.mark.timeout(120 + 6 * KILLS)
async def test_books_are_whole_however_often_the_gateway_is_killed(
    database_url: str, tmp_path: pathlib.Path, record_property: Callable[[str, object], None]
) -> None:
    seed = chosen_seed()
    load, began = Load(seed), time.monotonic()
    names = [f"m{number}" for number in range(KILLS * MOST)]
    with ScriptedUpstream(models=names) as upstream:
        _configure(tmp_path, upstream.url, database_url)
        _kill_again_and_again(tmp_path, load, random.Random(seed))
        asked = Counter(one["body"]["model"] for one in upstream.requests("POST"))
    database = open_database(database_url)
    rows = await database.fetch(select(exchanges))
    tries = await database.fetch(select(attempts))
    await database.aclose()
    _check(rows, tries, asked, load)
    ends = Counter(row["outcome"] for row in rows)
    took_s = time.monotonic() - began
    record_property("kills", f"{KILLS} kills in {took_s:.0f} s, {dict(ends)}, seed {seed}")
    sys.stderr.write(f"\n{database.name}: {KILLS} kills in {took_s:.0f} s: {dict(ends)}\n")


def _check(rows: list[Row], tries: list[Row], asked: Counter[str], load: Load) -> None:
    by_name = {row["request_model"]: row for row in rows}
    assert len(by_name) == len(rows), "an exchange is there twice"
    assert asked.keys() <= by_name.keys(), "an exchange is lost"
    assert set(asked.values()) == {1}, "a backend was asked twice"
    assert by_name.keys() <= load.words.keys()
    assert sorted(row["exchange_id"] for row in tries) == sorted(row["id"] for row in rows)
    for name, told in load.told.items():
        row = by_name[name]
        # A caller may have read its answer before the gateway could say that it was told.
        assert row["outcome"] in ("complete", "killed")
        assert told == (load.words[name], load.words[name])
    complete = [row for row in rows if row["outcome"] == "complete"]
    lost = load.told.keys() - {row["request_model"] for row in complete}
    assert len(lost) <= KILLS * CALLERS, "only what was told in the last moment"
    for row in complete:
        sent = load.words[row["request_model"]]
        assert (row["prompt_tokens"], row["completion_tokens"]) == (sent, sent), row
        assert row["usage_source"] == "provider"
    outcomes = {"complete", "killed", "client_closed", "upstream_error"}
    assert {row["outcome"] for row in rows} <= outcomes


def _kill_again_and_again(folder: pathlib.Path, load: Load, chance: random.Random) -> None:
    gateways = Gateways(folder)
    following = gateways.start()
    for _ in range(KILLS):
        gateway, address = following, following.listens()
        following = gateways.start()
        callers = load.run(address)
        time.sleep(chance.uniform(0.0, 0.3))
        gateway.end(signal.SIGKILL)
        for caller in callers:
            caller.join()
    following.listens()
    following.end(signal.SIGTERM)
    last = gateways.start()
    last.listens()
    last.end(signal.SIGTERM)
    gateways.close()
    left = [path.name for path in (folder / "data" / "journal").iterdir()]
    assert left == [], "every journal was brought into the database"


def _configure(folder: pathlib.Path, upstream: str, database_url: str) -> None:
    config = {
        "database": database_url,
        "backends": {"up": {"base_url": upstream, "speaks": ["chat"], "api_key": "k"}},
        "users": [{"name": "alice", "api_key": KEY, "backends": ["up"]}],
    }
    (folder / "gateway.yaml").write_text(yaml.safe_dump(config))


def _number(field: str, said: bytes) -> int:
    return int(re.findall(rf'"{field}": ?(\d+)'.encode(), said)[-1])


def _is_gone(pid: int) -> bool:
    """Also one that is dead and not yet waited for."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def _until(true: Callable[[], Any]) -> Any:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.005)
    return found
