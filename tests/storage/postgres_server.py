"""A throwaway PostgreSQL: a cluster in a temporary folder, reached over a Unix socket."""

import asyncio
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator

import asyncpg  # type: ignore[import-untyped] # it ships no types

SETTINGS = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off")


def binaries() -> pathlib.Path | None:
    """The folder of PostgreSQL's server programs, the newest version first; None: not here."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(pathlib.Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class PostgresServer:
    """A running server. It never runs as root: PostgreSQL refuses that."""

    def __init__(self, programs: pathlib.Path) -> None:
        self._programs = programs
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="headgate-pg-"))
        self._account = _account()
        if self._account:
            os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
        self._made = 0

    def start(self) -> None:
        """Makes the cluster and waits until it answers."""
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "headgate", "-A", "trust", "--no-sync")
        self.resume()

    def resume(self) -> None:
        """Starts it on the cluster that is there."""
        options = " ".join([f"-k {self._folder}", *(f"-c {setting}" for setting in SETTINGS)])
        log, data = str(self._folder / "log"), str(self._folder / "data")
        self._run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")

    def halt(self) -> None:
        """Stops it; what is in it stays."""
        data = str(self._folder / "data")
        self._run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")

    def stop(self) -> None:
        """Stops it and deletes the cluster."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server and all its processes."""
        main = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        for pid in (main, *_children(main)):
            os.kill(pid, number)

    def create_database(self) -> str:
        """The URL of a new, empty database: a schema of its own, since a thousand files for each
        test take longer than the test."""
        self._made += 1
        name = f"test{self._made}"
        asyncio.run(self._execute(f"CREATE SCHEMA {name}"))
        return f"{self._url}&search_path={name}"

    @property
    def _url(self) -> str:
        return f"postgresql://headgate@/postgres?host={self._folder}"

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        account = self._account
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def _children(parent: int) -> list[int]:
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, _, rest = stat.read_text().partition(" ")
            if int(rest.rpartition(")")[2].split()[1]) == parent:
                found.append(int(pid))
    return found


def running() -> Iterator[PostgresServer | None]:
    """A server for as long as the generator lives; None where there are no programs."""
    programs = binaries()
    if programs is None:
        yield None
        return
    server = PostgresServer(programs)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _account() -> pwd.struct_passwd | None:
    """The account to run as; None: the one that the tests run as."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("no account for PostgreSQL, and it does not run as root")
