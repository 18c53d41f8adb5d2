"""What a figure depends on: machine, kernel, versions, commit."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from headgate import __version__

_PARTS = ("uvicorn", "httptools", "uvloop", "msgspec", "SQLAlchemy")


def describe() -> dict[str, str]:
    """The machine: processor, cores, memory, kernel."""
    processors = Path("/proc/cpuinfo").read_text()
    names = [
        line.partition(":")[2].strip()
        for line in processors.splitlines()
        if line.startswith("model name")
    ]
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory_mb / 1024:.0f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Of Headgate and what it stands on."""
    found = {"headgate": __version__, "python": platform.python_version()}
    return found | {part: metadata.version(part) for part in _PARTS}


def commit() -> str:
    """Of the working tree, with a plus where it was changed since; empty outside of one."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/src")
    return head + ("+" if changed else "")


def _git(*words: str) -> str:
    try:
        told = subprocess.run(
            ["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return told.stdout.strip()
