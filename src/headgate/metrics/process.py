"""What the operating system says of this process, under the names that are usual for it."""

import os
import resource
import sys
import time
from pathlib import Path

from headgate.metrics.sample import Gauge, alone

_PROC = Path("/proc/self")
_STARTED_AT = time.time()


def process_gauges() -> list[Gauge]:
    """Memory, processor time, open files, start; what this system does not tell is left out."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = [
        alone("process_start_time_seconds", "Unix time of the start.", _STARTED_AT),
        alone(
            "process_cpu_seconds_total",
            "Processor time of user and system.",
            used.ru_utime + used.ru_stime,
            "counter",
        ),
        alone(
            "process_resident_memory_bytes",
            "Memory in use.",
            _resident_bytes() or _most_resident_bytes(used.ru_maxrss),
        ),
        alone(
            "process_max_fds",
            "How many files may be open.",
            float(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        ),
    ]
    open_files = _open_files()
    if open_files is not None:
        found.append(alone("process_open_fds", "Open files and connections.", open_files))
    return found


def _resident_bytes() -> float | None:
    """See proc(5): the second figure counts pages."""
    try:
        pages = (_PROC / "statm").read_text("ascii").split()[1]
    except OSError:
        return None
    return float(int(pages) * resource.getpagesize())


def _most_resident_bytes(maxrss: int) -> float:
    """The most so far, where the system does not tell the present: macOS counts bytes."""
    return float(maxrss if sys.platform == "darwin" else maxrss * 1024)


def _open_files() -> float | None:
    for folder in (_PROC / "fd", Path("/dev/fd")):
        try:
            return float(len(os.listdir(folder)))
        except OSError:
            continue
    return None
