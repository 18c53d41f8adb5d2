"""A gateway and its backend as processes, and the processor time that the gateway takes."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

KEY = "key-that-is-measured-0123456789"
_BODY = b'{"model":"m","messages":[{"role":"user","content":"Say hello."}]%b}'
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_CONFIG = """
backends:
  up: {{base_url: "http://127.0.0.1:{port}", speaks: [chat], api_key: k, models: [m]}}
users:
  - {{name: measured, api_key: {key}, backends: "*", detail_logging: {bodies}}}
"""


@contextlib.contextmanager
def gateway(program: str = "headgate", *, bodies: bool = False) -> Iterator[tuple[int, int]]:
    """The process id and the port of a gateway that listens; `program` is the module that runs.
    With `bodies` the request log keeps them."""
    backend_port, port = _free_port(), _free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "headgate.yaml"
        said = {"port": backend_port, "key": KEY, "bodies": str(bodies).lower()}
        config.write_text(_CONFIG.format(**said))
        serve = ("serve", "--config", str(config), "--data", folder, "--port", str(port))
        with _process("measure.upstream", str(backend_port)), _process(program, *serve) as pid:
            for needed in (backend_port, port):
                _wait_for(needed)
            yield pid, port


def request(key: str, *, stream: bool = False) -> bytes:
    """A small request with that key."""
    body = _BODY % (b',"stream":true' if stream else b"")
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: measured\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_s(pid: int) -> float:
    """The processor time of the process so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def load() -> str:
    """How busy the machine is, for who reads the figures."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


@contextlib.contextmanager
def _process(module: str, *arguments: str) -> Iterator[int]:
    process = subprocess.Popen(
        (sys.executable, "-m", module, *arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(3000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise RuntimeError("it does not listen")
