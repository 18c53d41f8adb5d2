"""The commands: arguments in, one clear sentence out where something is wrong."""

import argparse
import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from headgate import __version__
from headgate.backends.catalog import CATALOG
from headgate.backends.zero import zero_config
from headgate.composition.app import Launch, has_users, make_service
from headgate.composition.guards import check_entry
from headgate.config import Config, ConfigErrors, json_schema, load, passed_over, report
from headgate.filters.shared_rows import SharedRows
from headgate.model.addresses import is_loopback
from headgate.model.key_format import weakness
from headgate.model.store_faults import StoreUnreachable
from headgate.server.listen import bind, bound_port, serve
from headgate.server.service import CannotServe, Timing
from headgate.storage.admin_token import AdminToken, admin_token
from headgate.storage.engine import BadDatabaseUrl
from headgate.storage.migrate import NewerSchema
from headgate.storage.secret_key import WeakSecretKey, secret_keys

DEFAULT_FILE = "headgate.yaml"


class Problem(Exception):  # noqa: N818 - it is told, not raised further
    """What the user must mend, in one sentence (or one a line)."""


_TOLD: tuple[type[Exception], ...] = (
    Problem,
    BadDatabaseUrl,
    CannotServe,
    ConfigErrors,
    NewerSchema,
    OSError,
    StoreUnreachable,
    WeakSecretKey,
)
"""What is told in one sentence."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command; exits 0, 1 (something is wrong) or 2 (wrong usage)."""
    given = sys.argv[1:] if arguments is None else arguments
    # What serves for months does not hold what it never uses.
    others = None if given[:1] == ["serve"] else _others()
    parsed = _parser(others).parse_args(given)
    told = _TOLD if others is None else (*_TOLD, *others.told)
    run: Callable[[argparse.Namespace], None] = parsed.run
    try:
        run(parsed)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except told as error:
        print(f"headgate: {error}", file=sys.stderr)
        sys.exit(1)


class _Others(NamedTuple):
    """Commands that stand in modules of their own, and what of theirs is told."""

    add: Callable[[Any], None]
    told: tuple[type[Exception], ...]


def _others() -> _Others:
    from headgate.cli import admin, recordings  # noqa: PLC0415 - see `main`

    def add(commands: Any) -> None:
        recordings.add_recordings(commands, print, _port)
        admin.add_admin(commands, print)

    return _Others(add, (admin.AdminFailed, recordings.RecordingFailed))


def _parser(others: _Others | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headgate", description="The streaming-first LLM gateway.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"headgate {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_check(commands)
    _add_mock(commands)
    _add_bench(commands)
    _add_backends(commands)
    if others is not None:
        others.add(commands)
    return parser


def _add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="run the gateway", allow_abbrev=False)
    parser.add_argument("--config", metavar="FILE", help=f"default: {DEFAULT_FILE}, if it exists")
    parser.add_argument("--data", metavar="DIR", help="default: ./headgate-data")
    parser.add_argument("--host", metavar="H", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="P", type=_port, help="default: 8080; 0: any free one")
    parser.add_argument("--workers", metavar="N", type=_workers, default=1, help="default: 1")
    parser.set_defaults(run=_serve)


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "check", help="validate a configuration without starting", allow_abbrev=False
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help=f"default: {DEFAULT_FILE}")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema for editors")
    parser.set_defaults(run=_check)


def _add_mock(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "mock", help="run the scripted upstream on its own", allow_abbrev=False
    )
    parser.add_argument("--host", metavar="H", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="P", type=_port, default=8081, help="default: 8081")
    parser.add_argument("--script", metavar="FILE", help="a JSON script for the first answers")
    parser.set_defaults(run=_mock)


def _add_bench(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "bench", help="measure the gateway against a direct connection", allow_abbrev=False
    )
    most = "at most so many of each kind, each way; default: 1000"
    parser.add_argument("--requests", metavar="N", type=_count, default=1000, help=most)
    parser.add_argument(
        "--seconds", metavar="S", type=_count, default=10, help="about so long; default: 10"
    )
    parser.set_defaults(run=_bench)


def _bench(parsed: argparse.Namespace) -> None:
    from headgate.bench.caller import BenchFailed  # noqa: PLC0415 - `serve` has no use for it
    from headgate.bench.run import run  # noqa: PLC0415 - as above

    try:
        run(parsed.requests, parsed.seconds)
    except BenchFailed as error:
        raise Problem(str(error)) from error


def _mock(parsed: argparse.Namespace) -> None:
    from headgate.mock.run import run  # noqa: PLC0415 - `serve` has no use for it
    from headgate.mock.script import ScriptError  # noqa: PLC0415 - as above

    try:
        run(parsed.host, parsed.port, parsed.script)
    except ScriptError as error:
        raise Problem(str(error)) from error


def _add_backends(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "backends", help="list the providers that are known by name", allow_abbrev=False
    )
    parser.set_defaults(run=_backends)


def _serve(parsed: argparse.Namespace) -> None:
    env = os.environ
    path = _config_path(parsed.config, env)
    config = _overridden(load(path, env, check_entry) if path else zero_config(env), parsed)
    data = Path(parsed.data or env.get("HEADGATE_DATA") or "headgate-data")
    _refuse_open_on_network(config, data)
    _warn_of_weak_keys(config)
    for problem in passed_over(env):
        print(f"headgate: warning: {problem}; compact is taken", file=sys.stderr)
    data.mkdir(parents=True, exist_ok=True)
    token = admin_token(data, env.get("HEADGATE_ADMIN_TOKEN"))
    launch = Launch(
        config=config,
        path=path,
        data=data,
        admin_digest=token.digest,
        secret_keys=secret_keys(data, env.get("HEADGATE_SECRET_KEY")),
        loopback=is_loopback(config.server.host),
        group=secrets.token_hex(8),
        workers=parsed.workers,
        shared=SharedRows(parsed.workers) if parsed.workers > 1 else None,
    )
    sockets = bind(config.server.host, config.server.port)
    address = _address(config.server.host, bound_port(sockets))
    serve(
        lambda worker: make_service(launch, worker),
        sockets,
        lambda: _announce(address, token, path),
        workers=parsed.workers,
        timing=Timing(drain_s=config.server.drain),
    )


def _warn_of_weak_keys(config: Config) -> None:
    """Says which keys of the file could be guessed: they work, since they are the operator's."""
    for user in config.users:
        why = weakness(user.api_key)
        if why is not None:
            print(f"headgate: warning: the api_key of user {user.name!r} {why}", file=sys.stderr)


def _config_path(given: str | None, env: Mapping[str, str]) -> str | None:
    path = given or env.get("HEADGATE_CONFIG")
    if path:
        return path
    return DEFAULT_FILE if Path(DEFAULT_FILE).exists() else None


def _overridden(config: Config, parsed: argparse.Namespace) -> Config:
    given = {key: getattr(parsed, key) for key in ("host", "port")}
    changes = {key: value for key, value in given.items() if value is not None}
    server = msgspec.structs.replace(config.server, **changes)
    return msgspec.structs.replace(config, server=server)


def _refuse_open_on_network(config: Config, data: Path) -> None:
    host = config.server.host
    if is_loopback(host) or asyncio.run(has_users(config, data)):
        return
    raise Problem(
        f"refusing to listen on {host} without any user, since anybody could use your backends. "
        "Add one to the configuration, for example 'users: [{name: alice, api_key: "
        '${ALICE_KEY}, backends: "*"}]\', or listen on 127.0.0.1.'
    )


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}"


def _announce(address: str, token: AdminToken, path: str | None) -> None:
    lines = [
        f"Headgate {__version__} listens on {address}",
        f"  console: {address}/admin",
        f"  configuration: {path or 'none; backends come from the keys in the environment'}",
    ]
    if token.new is not None:
        lines.append(f"  admin token (shown this once): {token.new}")
    if path is None:
        body = '{"model":"mock","stream":true,"messages":[{"role":"user","content":"Hello there"}]}'
        lines += ["Try it:", f"  curl -N {address}/v1/chat/completions -d '{body}'"]
    print("\n".join(lines), flush=True)


def _check(parsed: argparse.Namespace) -> None:
    if parsed.schema:
        print(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode())
        return
    path = parsed.file or _config_path(None, os.environ)
    if path is None:
        raise Problem(f"there is no {DEFAULT_FILE} here; name the file to check.")
    try:
        config = load(path, os.environ, check_entry)
    except ConfigErrors as errors:
        print("\n".join(report(errors)), file=sys.stderr)
        sys.exit(1)
    _warn_of_weak_keys(config)
    print(f"{path}: {report(None)[0]}")


def _backends(parsed: argparse.Namespace) -> None:
    rows = [("KIND", "SPEAKS", "KEY IN", "ADDRESS")]
    rows += [
        (row.kind, ",".join(row.speaks), " ".join(row.env) or "-", row.base_url or "yours")
        for row in CATALOG
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers (1 to 256)")
    return int(text)
