"""``python -m measure``: the admin API on a million exchanges, on SQLite and PostgreSQL.

Fills a new database of each kind, starts a gateway on it and asks it over a kept connection.
Prints p50, p95 and the longest of every question, and fails where a p95 is over the bar.
"""

import argparse
import http.client
import itertools
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from tests.storage.postgres_server import running

from headgate.testing import Gateway
from measure.cases import Case, cases
from measure.fill import fill
from measure.rows import exchanges

BAR_MS = 50.0
CALLS = 40


def main() -> None:
    """Measures; the exit code is 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m measure", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="questions that contain this")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="default: both")
    parsed = parser.parse_args()
    end = time.time() // 3600 * 3600
    missed = 0
    for store, url in _stores(parsed.store):
        began = time.monotonic()
        fill(url, parsed.rows, end)
        _say(f"\n{store}: {parsed.rows} exchanges made in {time.monotonic() - began:.0f} s")
        missed += _measure(url, parsed.rows, end, parsed.only)
    if missed:
        sys.exit(f"{missed} questions take longer than {BAR_MS:g} ms at p95")


def _stores(wanted: str | None) -> Iterator[tuple[str, str]]:
    if wanted != "postgresql":
        with tempfile.TemporaryDirectory(prefix="headgate-million-") as folder:
            yield "sqlite", f"sqlite:///{folder}/headgate.db"
    if wanted != "sqlite":
        for server in running():
            if server is None:
                sys.exit("PostgreSQL's server programs are not installed")
            yield "postgresql", server.create_database()


def _measure(url: str, rows: int, end: float, only: str) -> int:
    """How many questions missed the bar."""
    ids = [made.exchange["id"] for made in itertools.islice(exchanges(rows, end), 40)]
    asked = [case for case in cases(ids, end) if only in case[0]]
    missed = 0
    with Gateway({"database": url, "logging": {"retention": 0}}) as gateway:
        client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        headers = {"authorization": f"Bearer {gateway.admin_token}"}
        for case in asked[:1] + asked[-1:]:  # the admin API is loaded when it is first asked
            _ask(client, case[1][0], headers)
        _say(f"load {os.getloadavg()[0]:.1f}; milliseconds:      p50      p95      max")
        for case in asked:
            missed += _show(case, [_ask(client, p, headers) for p in _paths(case[1])])
    return missed


def _paths(paths: Sequence[str]) -> Iterator[str]:
    return itertools.islice(itertools.cycle(paths), max(CALLS, len(paths)))


def _ask(client: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> float:
    """How many milliseconds the answer took."""
    began = time.perf_counter()
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        sys.exit(f"{path}: {answer.status} {body[:300]!r}")
    return took


def _show(case: Case, took: list[float]) -> bool:
    ranked = sorted(took)
    p50, p95 = (ranked[math.ceil(len(ranked) * part) - 1] for part in (0.5, 0.95))
    over = p95 > BAR_MS
    mark = "  over the bar" if over else ""
    _say(f"{case[0]:44} {p50:8.1f} {p95:8.1f} {ranked[-1]:8.1f}{mark}")
    return over


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
