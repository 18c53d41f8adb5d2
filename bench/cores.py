"""Processors: who runs where, and what a process with its children has used of them.

A proxy has the first core to itself, everything else shares the others. Processor time is the
kernel's own clock of a process (user and system time, the sum that ``/proc`` shows in hundredths of
a second), in nanoseconds. Linux only.
"""

import os
import time
from pathlib import Path

import msgspec

_ALL = sorted(os.sched_getaffinity(0))
PROXY = {_ALL[0]}
RIG = set(_ALL[1:]) or PROXY
BOTH = set(_ALL[:2])


class Usage(msgspec.Struct, frozen=True):
    """What a process and its children had used at a moment. ``at_s`` is the monotonic clock."""

    at_s: float
    cpu_s: float


def pinned(cores: set[int]) -> "list[str]":
    """The words before a command that keep it on `cores`."""
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(cores)))]


def family(pid: int) -> list[int]:
    """A process and everything that it started, as far as it runs."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            found += map(int, _read(children).split())
    return found


def usage(pid: int) -> Usage:
    """Processor time of a process and its children until now."""
    return Usage(time.monotonic(), sum(map(cpu_s, family(pid))))


def cpu_s(pid: int) -> float:
    """Processor time of one process, in seconds; zero where it is gone."""
    # clock_getcpuclockid(3) for another process: the complement of its id, and the clock
    # CPUCLOCK_SCHED, in the low three bits.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children; what they share counts for each."""
    return sum(map(_resident_kb, family(pid))) / 1024


def load_average() -> float:
    """Of the last minute."""
    return round(os.getloadavg()[0], 2)


def _resident_kb(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
