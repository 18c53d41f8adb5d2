"""``headgate serve`` as an operator runs it: in a folder that outlives the process."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.faults.caller import get

_PATIENCE_S = 20.0


class Served:
    """One process that serves."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.data = folder / "data"
        self.url = ""
        self.admin_token = "token-of-the-administrator"
        self._config = folder / "gateway.yaml"
        self._log = folder / "log"
        command = [sys.executable, "-m", "headgate", "serve", "--config", str(self._config)]
        with self._log.open("ab") as log:
            self._from = log.tell()
            self._process = subprocess.Popen(
                [*command, "--data", str(self.data), "--port", "0", *arguments],
                cwd=folder,
                env={**os.environ, "HEADGATE_ADMIN_TOKEN": self.admin_token},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def begin(self) -> None:
        """Waits until it listens."""
        said = self.says(r"listens on (http://\S+)\n")
        self.url = said[1]

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_bytes()[self._from :].decode()

    def says(self, pattern: str) -> re.Match[str]:
        """Waits until it has written something."""
        found = until(lambda: re.search(pattern, self.log) or self._ended())
        assert isinstance(found, re.Match), f"it ended: {self.log}"
        return found

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Waits for the exit code."""
        return self._process.wait(_PATIENCE_S)

    def reload(self, config: dict[str, Any] | str) -> None:
        """Changes the file and asks for it to be read."""
        write(self._config.parent, config)
        self.signal(signal.SIGHUP)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def workers(self) -> list[int]:
        """The process ids of its workers, where it has several; in no order."""
        pid = self._process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    @contextlib.contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Stops the workers but this one, which so takes what comes."""
        others = [pid for pid in self.workers() if pid != worker]
        try:
            for pid in others:
                os.kill(pid, signal.SIGSTOP)
            until(lambda: all(_state(pid) == "T" for pid in others))
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def refuses_connections(self) -> bool:
        try:
            get(self.url, "/health")
        except ConnectionError:
            return True
        return False

    def _ended(self) -> bool:
        return self._process.poll() is not None


@contextlib.contextmanager
def served(folder: Path, config: dict[str, Any] | str, *arguments: str) -> Iterator[Served]:
    """A process that listens; it is gone behind the block, and never showed a traceback."""
    write(folder, config)
    process = Served(folder, *arguments)
    try:
        process.begin()
        yield process
        assert "Traceback" not in process.log, process.log
    finally:
        process.stop()


def write(folder: Path, config: dict[str, Any] | str) -> None:
    """Writes the configuration's file."""
    text = config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False)
    (folder / "gateway.yaml").write_text(text)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def until(true: Callable[[], Any]) -> Any:
    """Waits until `true` gives something that is, and returns it."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.01)
    return found
