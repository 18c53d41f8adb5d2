"""A real gateway in a process of its own, for one test."""

import contextlib
import http.client
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import yaml

Config = Mapping[str, Any] | str
_LISTENS = re.compile(r" listens on http://\S+:(\d+)\n")


class GatewayFailed(RuntimeError):  # noqa: N818 - named for the fact
    """The gateway did not start; the message ends with its log."""


class Gateway:
    """``headgate serve`` with a configuration of the test's, ready when it is made.

    `config` is a mapping or YAML text; None starts it without a configuration. `env` is added to
    the environment, from which the gateway's own variables are taken out, and without a
    configuration the providers' keys too; `program` is the command before ``serve``. ``url``
    ends before ``/v1``; ``admin_token`` opens the admin API; ``data`` is its data folder.

    ::

        with Gateway({"backends": {"up": {"base_url": upstream.url, "speaks": ["chat"]}}}) as gw:
            ...                                  # talk to gw.url
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = (sys.executable, "-m", "headgate"),
        ready_timeout_s: float = 30.0,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="headgate-test-")
        folder = pathlib.Path(self._folder.name)
        self.data = folder / "data"
        self.admin_token = secrets.token_hex(24)  # never begins like an option of a command
        self.port = 0
        self._log_path = folder / "log"
        self._last_log = ""
        self._config_path = folder / "gateway.yaml"
        kept = _environment(keep_keys=config is not None)
        self._process = self._start([*program, *self._arguments(config)], {**kept, **(env or {})})
        with contextlib.ExitStack() as undoing:
            undoing.callback(self.stop)  # also where an interrupt ends the wait
            self._wait_until_ready(ready_timeout_s)
            undoing.pop_all()
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the gateway has written so far; also after `stop`."""
        if self._log_path.exists():
            self._last_log = self._log_path.read_text(encoding="utf-8", errors="replace")
        return self._last_log

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def reload(self, config: Config) -> None:
        """Writes a new configuration and asks the gateway to read it (SIGHUP), where it was made
        with one; it goes on with the old until it has read the new."""
        self._config_path.write_text(_yaml(config), encoding="utf-8")
        self._process.send_signal(signal.SIGHUP)

    def stop(self, grace_s: float = 10.0) -> int:
        """Ends it (SIGTERM, after `grace_s` SIGKILL), removes its folder, returns the exit code.
        Further calls only return the code."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        code = self._process.wait()
        self._last_log = self.log
        self._folder.cleanup()
        return code

    def __enter__(self) -> Self:
        """The gateway is ready since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it."""
        self.stop()

    def _arguments(self, config: Config | None) -> list[str]:
        where = ["--data", str(self.data), "--host", "127.0.0.1", "--port", "0"]
        if config is None:
            return ["serve", *where]
        self._config_path.write_text(_yaml(config), encoding="utf-8")
        return ["serve", "--config", str(self._config_path), *where]

    def _start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._log_path.open("wb") as log:
            try:
                return subprocess.Popen(
                    command,
                    cwd=self._folder.name,
                    env={"HEADGATE_ADMIN_TOKEN": self.admin_token, **env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                self._folder.cleanup()
                raise GatewayFailed(f"cannot run {command[0]}: {error.strerror}") from error

    def _wait_until_ready(self, timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not self._is_ready():
            late = time.monotonic() > deadline_s
            if late or self._process.poll() is not None:
                code = self.stop(grace_s=0.0 if late else 1.0)
                why = f"was not ready in {timeout_s:g} s" if late else f"exited with {code}"
                raise GatewayFailed(f"the gateway {why}; its log:\n{self._last_log}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        """Asks at the port that it chose itself: one chosen for it may be another's by then."""
        listens = _LISTENS.search(self.log)
        self.port = int(listens[1]) if listens else 0
        return bool(self.port) and _answers(self.port)


def _yaml(config: Config) -> str:
    if isinstance(config, str):
        return config
    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)


def _environment(keep_keys: bool) -> dict[str, str]:
    """The test's environment without what would steer the gateway behind its back."""
    kept = {name: value for name, value in os.environ.items() if not _steers(name)}
    if not keep_keys:
        kept = {name: value for name, value in kept.items() if not name.endswith("_API_KEY")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _steers(name: str) -> bool:
    return name.startswith("HEADGATE_") or name == "DETAIL_STREAM_LOG_MODE"


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2.0)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
