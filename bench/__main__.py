"""``make bench``: processor time of the gateway a JSON request, a relayed and a translated chunk.

The gateway is pinned to one core, the backend and the load to the other. Processor time comes
from ``/proc``, so that a noisy machine does not spoil it. Results go to ``bench/results/``.
"""

import asyncio
import contextlib
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.load import Tally, run_json, run_streams
from headgate import __version__

CHUNKS = 200
STREAMS = 20
PACE_MS = 5.0
JSON_S = 5.0
CONNECTIONS = 8
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

CONFIG = """
backends:
  up: {{base_url: "http://127.0.0.1:{port}", speaks: [chat], api_key: k, models: [m]}}
users:
  - {{name: bench, api_key: bench-key-0123456789-0123456789, backends: "*"}}
"""


class Figures(msgspec.Struct):
    """One run. Times in microseconds of the gateway's processor; memory in MB."""

    at: str
    version: str
    python: str
    machine: str
    json_request_us: float
    json_per_s: float
    relayed_chunk_us: float
    translated_chunk_us: float
    idle_mb: float
    loaded_mb: float
    start_s: float


def main() -> None:
    """Runs everything once and prints the figures."""
    with _backend() as backend_port, _gateway(backend_port) as (process, port, start_s):
        os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
        idle_mb = _memory_mb(process.pid)
        json_us, json_tally = _measure(
            process.pid, run_json(port, CONNECTIONS, JSON_S, "/v1/chat/completions")
        )
        relayed_us, _ = _chunks(process.pid, port, "/v1/chat/completions")
        translated_us, _ = _chunks(process.pid, port, "/v1/messages")
        figures = Figures(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            python=platform.python_version(),
            machine=f"{platform.machine()}, {os.cpu_count()} cores",
            json_request_us=round(json_us, 1),
            json_per_s=round(json_tally.requests / json_tally.seconds),
            relayed_chunk_us=round(relayed_us, 1),
            translated_chunk_us=round(translated_us, 1),
            idle_mb=round(idle_mb, 1),
            loaded_mb=round(_memory_mb(process.pid), 1),
            start_s=round(start_s, 2),
        )
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2).decode()
    name = f"{figures.at[:10]}-{platform.python_version()}.json"
    (Path(__file__).parent / "results" / name).write_text(text + "\n", "utf-8")
    sys.stdout.write(text + "\n")


def _chunks(pid: int, port: int, path: str) -> tuple[float, Tally]:
    rounds = 3
    us, tally = _measure(pid, run_streams(port, STREAMS, rounds, path))
    return us / (CHUNKS + 4), tally


def _measure(pid: int, load: "asyncio._CoroutineLike[Tally]") -> tuple[float, Tally]:
    before = _cpu_s(pid)
    tally = asyncio.run(load)  # type: ignore[arg-type]
    return (_cpu_s(pid) - before) / tally.requests * 1e6, tally


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def _process(*command: str, core: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core % (os.cpu_count() or 1)}),
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@contextlib.contextmanager
def _backend() -> Iterator[int]:
    port = _free_port()
    arguments = ("-m", "bench.upstream", str(port), str(CHUNKS), str(PACE_MS))
    with _process(sys.executable, *arguments, core=1):
        _wait_for(port)
        yield port


@contextlib.contextmanager
def _gateway(backend_port: int) -> Iterator[tuple["subprocess.Popen[bytes]", int, float]]:
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "headgate.yaml"
        config.write_text(CONFIG.format(port=backend_port))
        arguments = ("serve", "--config", str(config), "--data", folder, "--port", str(port))
        began = time.perf_counter()
        with _process(sys.executable, "-m", "headgate", *arguments, core=0) as process:
            _wait_for(port)
            yield process, port, time.perf_counter() - began


def _wait_for(port: int) -> None:
    for _ in range(1000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise RuntimeError("it does not listen")


if __name__ == "__main__":
    main()
