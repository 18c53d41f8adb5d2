"""Running an agent's program in a fresh home, with a limit of time."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 120


@dataclass(frozen=True)
class Ran:
    """A program that ended by itself."""

    code: int
    out: str
    err: str


def run(command: Sequence[str | Path], home: Path, env: Mapping[str, str]) -> Ran:
    """Runs `command` in the home's ``work`` with an environment of `env` alone, and its paths."""
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=home / "work",
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # also what it left running
        process.wait()
    return Ran(process.returncode, out.decode(), err.decode())
