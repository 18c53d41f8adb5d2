"""``python -m measure``: the admin API on a million exchanges, on SQLite and PostgreSQL.

Fills a new database of each kind, starts a gateway on it and asks it over a kept connection.
Prints p50, p95 and the longest of every question, and fails where a p95 is over the bar. Each is
asked in several rounds, and the quietest counts: other work on the machine only ever adds.
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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="default: both")
    parsed = parser.parse_args()
    end = time.time() // 3600 * 3600
    missed = 0
    for store, url in _stores(parsed.store):
        began = time.monotonic()
        fill(url, parsed.rows, end)
        _say(f"\n{store}: {parsed.rows} exchanges made in {time.monotonic() - began:.0f} s")
        missed += _measure(url, end, parsed)
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


def _measure(url: str, end: float, parsed: argparse.Namespace) -> int:
    """How many questions missed the bar."""
    ids = [made.exchange["id"] for made in itertools.islice(exchanges(parsed.rows, end), 40)]
    asked = [case for case in cases(ids, end) if parsed.only in case[0]]
    rounds: list[list[list[float]]] = []
    with Gateway({"database": url, "logging": {"retention": 0}}) as gateway:
        client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        headers = {"authorization": f"Bearer {gateway.admin_token}"}
        for case in asked[:1] + asked[-1:]:  # the admin API is loaded when it is first asked
            _ask(client, case[1][0], headers)
        for _ in range(parsed.rounds):
            rounds.append([[_ask(client, p, headers) for p in _paths(c[1])] for c in asked])
    _say(f"load {os.getloadavg()[0]:.1f}; milliseconds:{'p50':>21}{'p95':>9}{'max':>9}")
    quietest = (min(of_case, key=_p95) for of_case in zip(*rounds, strict=True))
    return sum(_show(case, took) for case, took in zip(asked, quietest, strict=True))


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
    over = _p95(took) > BAR_MS
    mark = "  over the bar" if over else ""
    _say(f"{case[0]:44} {_rank(took, 0.5):8.1f} {_p95(took):8.1f} {max(took):8.1f}{mark}")
    return over


def _p95(took: list[float]) -> float:
    return _rank(took, 0.95)


def _rank(took: list[float], part: float) -> float:
    return sorted(took)[math.ceil(len(took) * part) - 1]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
