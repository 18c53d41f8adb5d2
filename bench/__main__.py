"""``python -m bench``: the gateway and its peers under the same load, and the bars.

One core has a proxy, the other everything else; rounds are interleaved, so that a noisy moment
hits everybody. See docs/performance.md.
"""

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.certificates import make_certificates
from bench.cores import RIG
from bench.perform import perform
from bench.proxies import GATEWAY, Missing, Site, free_port, process
from bench.results import save
from bench.scenarios.stage import QUICK, Sizes
from bench.scenarios.table import EVERYBODY, SCENARIOS, Scenario
from bench.show import shown
from bench.wait import until_listening

PEERS = tuple(name for name in EVERYBODY if name != GATEWAY)
QUICK_PEERS = ("nginx",)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints and keeps the figures; fails where the gateway does not run."""
    parsed = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        _measure(parsed)
    except Missing as missing:
        sys.exit(f"bench: {missing}")


def _measure(parsed: argparse.Namespace) -> None:
    began_s, at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    os.sched_setaffinity(0, RIG)
    _allow_files()
    sizes = _with_rounds(QUICK if parsed.quick else Sizes(), parsed.rounds)
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as folder:
        site = _site(Path(folder))
        with process(_upstream(site), RIG) as (backend, _):
            until_listening(site.backend)
            site = msgspec.structs.replace(site, backend_pid=backend.pid)
            peers = parsed.peers or (QUICK_PEERS if parsed.quick else PEERS)
            run = perform(site, sizes, _chosen(parsed), peers, sys.stdout)
    run.at, run.quick, run.seconds = at, parsed.quick, round(time.monotonic() - began_s, 1)
    sys.stdout.write(shown(run))
    if not parsed.keep_nothing:
        sys.stdout.write(f"\n{save(run, _name(parsed))}\n")


def _parser() -> argparse.ArgumentParser:
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter, with nginx alone")
    parser.add_argument("--only", type=_list_of(names), help=f"of {','.join(names)}")
    parser.add_argument("--peers", type=_list_of(PEERS), help=f"of {','.join(PEERS)}")
    parser.add_argument("--rounds", type=int, help="of each scenario; default: 3")
    parser.add_argument("--keep-nothing", action="store_true", help="write no file of results")
    return parser


def _list_of(names: Sequence[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        given = [name for name in text.split(",") if name]
        unknown = [name for name in given if name not in names]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(names)}")
        return given

    return read


def _chosen(parsed: argparse.Namespace) -> list[Scenario]:
    chosen = [one for one in SCENARIOS if parsed.only is None or one.name in parsed.only]
    if not parsed.quick:
        return chosen
    return [
        msgspec.structs.replace(one, rounds=one.quick_rounds or 1)
        for one in chosen
        if one.quick_rounds or parsed.only
    ]


def _name(parsed: argparse.Namespace) -> str:
    """What a file of results is called; `full` only where nothing was left out."""
    what = "quick" if parsed.quick else "full"
    parts = ["+".join(parsed.only) if parsed.only else what, *(parsed.peers or ())]
    return "-".join(parts)


def _with_rounds(sizes: Sizes, rounds: int | None) -> Sizes:
    if rounds is None:
        return sizes
    return msgspec.structs.replace(sizes, rounds=rounds)


def _site(folder: Path) -> Site:
    return Site(free_port(), free_port(), make_certificates(folder), folder)


def _upstream(site: Site) -> list[str]:
    files = site.certificates
    ports = [str(site.backend), str(site.backend_tls)]
    return [sys.executable, "-m", "bench.upstream", *ports, str(files.certificate), str(files.key)]


def _allow_files() -> None:
    """As many open files as may be; what is started inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
