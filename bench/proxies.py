"""The proxies in front of the backend, each a process that is ready when it is given out."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from bench.asking import KEY, TLS_MODEL, Door
from bench.certificates import Certificates
from bench.cores import PROXY, pinned

GATEWAY = "headgate"


class Missing(Exception):  # noqa: N818 - named for the fact
    """A peer that cannot be had here; the message says why."""


class Site(msgspec.Struct, frozen=True):
    """Where a run takes place: the backend's ports, files for TLS, a folder for everything, the
    backend's process."""

    backend: int
    backend_tls: int
    certificates: Certificates
    folder: Path
    backend_pid: int = 0


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A running proxy. ``tls`` is its door to the backend over TLS; ``start_s`` is the time from
    its start to its first good answer."""

    name: str
    version: str
    pid: int
    door: Door
    tls: Door
    start_s: float


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a proxy is started: its command, its environment, its doors."""

    name: str
    version: str
    command: list[str]
    door: Door
    tls: Door
    env: Mapping[str, str] = {}
    patience_s: float = 20.0


HEADGATE = """\
backends:
  up:
    base_url: "http://127.0.0.1:{plain}"
    speaks: [chat]
    api_key: backend-key
    models: [m]
    prices: {{"*": {{input: 1, output: 2}}}}
  up_tls:
    base_url: "https://127.0.0.1:{tls}"
    speaks: [chat]
    api_key: backend-key
    models: [m-tls]
    prices: {{"*": {{input: 1, output: 2}}}}
users:
  - name: bench
    api_key: {key}
    backends: "*"
    limits:
      requests_per_minute: 1000000000
      tokens_per_minute: 1000000000000
      concurrent: 1000000
      budget_usd: 1000000000
      budget_period: month
"""
REDACT = "policies: {source: file, chain: [{policy: redact, apply_to: [request, response]}]}\n"

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 15000; }}
http {{
  access_log off;
  client_body_temp_path {folder};
  proxy_temp_path {folder};
  fastcgi_temp_path {folder};
  uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  keepalive_requests 1000000000;
  client_max_body_size 32m;
  client_body_buffer_size 1m;
  tcp_nodelay on;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_buffering off;
  proxy_request_buffering off;
  proxy_read_timeout 600s;
  upstream plain {{
    server 127.0.0.1:{plain}; keepalive 6000; keepalive_requests 1000000000;
  }}
  upstream tls {{
    server 127.0.0.1:{tls}; keepalive 1000; keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://plain; }}
  }}
  server {{
    listen 127.0.0.1:{tls_port} backlog=4096;
    location / {{
      proxy_pass https://tls;
      proxy_ssl_verify on;
      proxy_ssl_name 127.0.0.1;
      proxy_ssl_trusted_certificate {authority};
    }}
  }}
}}
"""


def headgate(site: Site, *, workers: int = 1, policies: str = "") -> Recipe:
    """The gateway with everything on: key check, limits, accounting, request log, metrics."""
    port = free_port()
    folder = new_folder(site, "headgate")
    config = folder / "headgate.yaml"
    text = HEADGATE.format(plain=site.backend, tls=site.backend_tls, key=KEY)
    config.write_text(text + policies)
    where = ["--config", str(config), "--data", str(folder / "data"), "--port", str(port)]
    return Recipe(
        name=GATEWAY,
        version="",
        command=[sys.executable, "-m", "headgate", "serve", *where, "--workers", str(workers)],
        door=Door(port=port),
        tls=Door(port=port, model=TLS_MODEL),
        env={"SSL_CERT_FILE": str(site.certificates.authority)},
    )


def nginx(site: Site) -> Recipe:
    """``proxy_pass`` with one worker, unbuffered, connections kept on both sides: the limit."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise Missing("nginx is not installed (Debian: apt-get install nginx-light)")
    folder = new_folder(site, "nginx")
    port, tls_port = free_port(), free_port()
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(
            folder=folder,
            plain=site.backend,
            tls=site.backend_tls,
            port=port,
            tls_port=tls_port,
            authority=site.certificates.authority,
        )
    )
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return Recipe(
        name="nginx",
        version=told.strip().rpartition("/")[2],
        command=[program, "-p", str(folder), "-e", "stderr", "-c", str(config)],
        door=Door(port=port),
        tls=Door(port=tls_port),
    )


@contextlib.contextmanager
def running(recipe: Recipe, cores: set[int] = PROXY) -> Iterator[Proxy]:
    """Starts a proxy, waits for its first good answer, ends it. Raises Missing."""
    began = time.perf_counter()
    with process(recipe.command, cores, recipe.env) as (started, log):
        while not _answers(recipe.door):
            late = time.perf_counter() - began > recipe.patience_s
            if late or started.poll() is not None:
                raise Missing(f"{recipe.name} does not answer: {_last_words(log)}")
            time.sleep(0.002)
        yield Proxy(
            name=recipe.name,
            version=recipe.version,
            pid=started.pid,
            door=recipe.door,
            tls=recipe.tls,
            start_s=time.perf_counter() - began,
        )


@contextlib.contextmanager
def process(
    command: list[str], cores: set[int], env: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """A process on `cores` and the file with what it says; it is ended with all its children."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HEADGATE_")}
    log = Path(tempfile.gettempdir()) / f"headgate-bench-{os.getpid()}-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        started = subprocess.Popen(
            [*pinned(cores), *command],
            env={**kept, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started, log
    finally:
        _end(started)
        log.unlink()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def new_folder(site: Site, name: str) -> Path:
    """A folder for what one proxy needs."""
    folder = site.folder / f"{name}-{time.monotonic_ns()}"
    folder.mkdir()
    return folder


def _end(started: "subprocess.Popen[bytes]") -> None:
    started.send_signal(signal.SIGTERM)
    try:
        started.wait(5)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)  # what it left behind: its session is its own
    started.wait()


def _answers(door: Door) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", door.port), 5) as sock:
            sock.sendall(door.asks())
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            return answer.status == 200 and bool(answer.read())
    except (OSError, http.client.HTTPException):
        return False


def _last_words(log: Path) -> str:
    return " ".join(log.read_text("utf-8", "replace").split())[-300:] or "it says nothing"
