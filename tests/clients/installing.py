"""Programs and libraries that opt-in tests install outside the repository, once for all runs."""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "headgate-agents"
"""Where they stay; whoever wants newer versions removes it."""

_PATIENCE_S = 600


def node_packages(name: str, packages: Sequence[str]) -> Path:
    """The folder ``node_modules`` with `packages`, installed by npm."""
    folder = CACHE / name
    with _unless_there(folder, packages) as wanted:
        if wanted:
            quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund"]
            _run(["npm", "install", *quiet, "--prefix", str(folder), *packages])
    return folder / "node_modules"


def python_with(name: str, packages: Sequence[str]) -> Path:
    """The Python of an environment of its own with `packages`, installed by pip."""
    folder = CACHE / name
    python = folder / "venv" / "bin" / "python"
    with _unless_there(folder, packages) as wanted:
        if wanted:
            _run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")])
            _run([str(python), "-m", "pip", "install", "--quiet", *packages])
    return python


@contextlib.contextmanager
def _unless_there(folder: Path, packages: Sequence[str]) -> Iterator[bool]:
    """Whether there is something to install; others wait meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = "\n".join(packages)
        if done.exists() and done.read_text("utf-8") == wanted:
            yield False
            return
        yield True
        done.write_text(wanted, "utf-8")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
    except FileNotFoundError as error:
        raise RuntimeError(f"{command[0]} is not installed on this machine") from error
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
