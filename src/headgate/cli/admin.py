"""The commands ``user``, ``key``, ``backend``, ``permission``, ``admin``: the admin API from the
shell."""

import argparse
import functools
import getpass
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from typing_extensions import override

from headgate.cli.table import lines, table
from headgate.model.addresses import is_loopback

Row = dict[str, Any]
TIMEOUT_S = 30.0

ROLES = "owner, admin, operator, viewer or billing"

FIELDS_HELP = """\
Fields are those of the admin API (see /admin/docs), nested ones with dots; a value is JSON or
else text, and '-' is read from standard input:

  headgate user add alice email=alice@example.org limits.concurrent=4 'models=["fast"]'
  headgate backend add up base_url=https://llm.example.org api_key=- 'speaks=["chat"]'
"""


_ACTIONS = {
    "list": "show them all",
    "add": "make one",
    "create": "make one",
    "change": "set fields of one",
    "password": "set a new password",
    "regenerate": "make a new key that takes the place of the others",
    "refresh": "ask it for its models now",
    "remove": "take one away",
}


class AdminFailed(Exception):  # noqa: N818 - named for the fact
    """Why the command was not done, in one sentence."""


def add_admin(commands: Any, tell: Callable[[str], None]) -> None:
    """Adds the commands; what they have to say goes to `tell`."""
    add = functools.partial(_add, tell)
    user = _group(commands, "user", "list, add, change and remove users")
    add(user, "list", _list_users)
    add(user, "add", _add_user, "USER", fields=True)
    add(user, "change", _change_user, "USER", fields=True)
    add(user, "remove", _remove_user, "USER")
    key = _group(commands, "key", "list, add, remove and renew the keys of users")
    add(key, "list", _list_keys, "USER")
    add(key, "add", _add_key, "USER", fields=True)
    add(key, "regenerate", _regenerate_key, "USER", fields=True)
    add(key, "remove", _remove_key, "USER", "KEY")
    backend = _group(commands, "backend", "list, add, change, refresh and remove backends")
    add(backend, "list", _list_backends)
    add(backend, "add", _add_backend, "BACKEND", fields=True)
    add(backend, "change", _change_backend, "BACKEND", fields=True)
    add(backend, "refresh", _refresh_backend, "BACKEND")
    add(backend, "remove", _remove_backend, "BACKEND")
    permission = _group(commands, "permission", "list, add and remove permissions")
    add(permission, "list", _list_permissions)
    add(permission, "add", _add_permission, "USER", "BACKEND")
    add(permission, "remove", _remove_permission, "USER", "BACKEND")
    admin = _group(commands, "admin", "list, create, change and remove administrators")
    add(admin, "list", _list_administrators)
    create = add(admin, "create", _create_administrator, "NAME")
    create.add_argument("--role", default="viewer", help=f"{ROLES}; default: viewer")
    add(admin, "change", _change_administrator, "NAME", fields=True)
    add(admin, "password", _set_password, "NAME")
    add(admin, "remove", _remove_administrator, "NAME")


class AdminApi:
    """The admin API at `url`, as the bearer of `token`. Every method raises AdminFailed."""

    def __init__(self, url: str, token: str) -> None:
        host = _host(url)
        self._url = url.rstrip("/")
        self._token = token
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if is_loopback(host):
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer to one request; None where it has no body."""
        request = urllib.request.Request(
            f"{self._url}/admin/{path}",
            data=None if body is None else msgspec.json.encode(body),
            method=method,
            headers={
                "authorization": f"Bearer {self._token}",
                "content-type": "application/json",
            },
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                data = answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise AdminFailed(_reason(refusal.code, refusal.read())) from refusal
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            why = " ".join(str(getattr(reason, "strerror", None) or reason).split())
            raise AdminFailed(f"cannot reach the gateway at {self._url}: {why}") from error
        return _decoded(data) if data else None

    def find(self, resource: str, name: str) -> str:
        """The id of the row with that name or id."""
        rows: list[Row] = self.ask("GET", resource)
        found = next((row for row in rows if name in (row["name"], row["id"])), None)
        if found is None:
            raise AdminFailed(f"there is no {resource.removesuffix('s')} {name!r}")
        return quote(str(found["id"]), safe="")


def admin_api(parsed: argparse.Namespace) -> AdminApi:
    """The admin API that ``--url`` and ``--token`` name. Raises AdminFailed."""
    token = parsed.token or os.environ.get("HEADGATE_ADMIN_TOKEN")
    if not token:
        raise AdminFailed("no admin token; set HEADGATE_ADMIN_TOKEN or give --token")
    port = os.environ.get("HEADGATE_PORT") or "8080"
    return AdminApi(parsed.url or f"http://127.0.0.1:{port}", token)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to somebody else."""

    @override
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _group(commands: Any, name: str, summary: str) -> Any:
    parser = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    return parser.add_subparsers(title="actions", metavar="ACTION", required=True)


def _add(
    tell: Callable[[str], None],
    group: Any,
    name: str,
    act: "Act",
    *operands: str,
    fields: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = group.add_parser(
        name,
        help=_ACTIONS[name],
        allow_abbrev=False,
        epilog=FIELDS_HELP if fields else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for operand in operands:
        parser.add_argument(operand.lower(), metavar=operand)
    if fields:
        parser.add_argument("fields", metavar="FIELD=VALUE", nargs="*", type=_field)
    parser.add_argument("--url", help="default: http://127.0.0.1:8080, or $HEADGATE_PORT")
    parser.add_argument("--token", help="the admin's; better in HEADGATE_ADMIN_TOKEN")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda parsed: tell(_run(act, parsed)))
    return parser


Act = Callable[[AdminApi, argparse.Namespace], Any]


def _run(act: Act, parsed: argparse.Namespace) -> str:
    answer = act(admin_api(parsed), parsed)
    if parsed.json:
        return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()
    if answer is None:
        return "done"
    return table(answer) if isinstance(answer, list) else lines(answer)


def _list_users(api: AdminApi, _parsed: argparse.Namespace) -> Any:
    return api.ask("GET", "users")


def _add_user(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("POST", "users", {"name": parsed.user, **_body(parsed.fields)})


def _change_user(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("PUT", f"users/{api.find('users', parsed.user)}", _body(parsed.fields))


def _remove_user(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("DELETE", f"users/{api.find('users', parsed.user)}")


def _list_keys(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("GET", f"users/{api.find('users', parsed.user)}/keys")


def _add_key(api: AdminApi, parsed: argparse.Namespace) -> Any:
    path = f"users/{api.find('users', parsed.user)}/keys"
    return api.ask("POST", path, _body(parsed.fields))


def _regenerate_key(api: AdminApi, parsed: argparse.Namespace) -> Any:
    path = f"users/{api.find('users', parsed.user)}/regenerate-api-key"
    return api.ask("POST", path, _body(parsed.fields))


def _remove_key(api: AdminApi, parsed: argparse.Namespace) -> Any:
    user_id = api.find("users", parsed.user)
    if not any(parsed.key == row["id"] for row in api.ask("GET", f"users/{user_id}/keys")):
        raise AdminFailed(f"the user {parsed.user!r} has no key {parsed.key!r}")
    return api.ask("DELETE", f"users/{user_id}/keys/{quote(parsed.key, safe='')}")


def _list_backends(api: AdminApi, _parsed: argparse.Namespace) -> Any:
    return api.ask("GET", "backends")


def _add_backend(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("POST", "backends", {"name": parsed.backend, **_body(parsed.fields)})


def _change_backend(api: AdminApi, parsed: argparse.Namespace) -> Any:
    path = f"backends/{api.find('backends', parsed.backend)}"
    return api.ask("PUT", path, _body(parsed.fields))


def _refresh_backend(api: AdminApi, parsed: argparse.Namespace) -> Any:
    path = f"backends/{api.find('backends', parsed.backend)}/models/refresh"
    answer: Row = api.ask("POST", path)
    if answer["state"] == "error":
        raise AdminFailed(f"the backend {parsed.backend!r} gives no models: {answer['error']}")
    return answer


def _remove_backend(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("DELETE", f"backends/{api.find('backends', parsed.backend)}")


def _list_permissions(api: AdminApi, _parsed: argparse.Namespace) -> Any:
    names = {
        row["id"]: row["name"] for kind in ("users", "backends") for row in api.ask("GET", kind)
    }
    return [
        {
            "user": names.get(row["user_id"], row["user_id"]),
            "backend": names.get(row["backend_id"], row["backend_id"]),
            **row,
        }
        for row in api.ask("GET", "permissions")
    ]


def _add_permission(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("POST", "permissions", _pair(api, parsed))


def _remove_permission(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("DELETE", f"permissions?{urlencode(_pair(api, parsed))}")


def _list_administrators(api: AdminApi, _parsed: argparse.Namespace) -> Any:
    return api.ask("GET", "administrators")


def _create_administrator(api: AdminApi, parsed: argparse.Namespace) -> Any:
    body = {"name": parsed.name, "role": parsed.role, "password": _new_password()}
    return api.ask("POST", "administrators", body)


def _change_administrator(api: AdminApi, parsed: argparse.Namespace) -> Any:
    path = f"administrators/{api.find('administrators', parsed.name)}"
    return api.ask("PUT", path, _body(parsed.fields))


def _set_password(api: AdminApi, parsed: argparse.Namespace) -> Any:
    path = f"administrators/{api.find('administrators', parsed.name)}"
    return api.ask("PUT", path, {"password": _new_password()})


def _remove_administrator(api: AdminApi, parsed: argparse.Namespace) -> Any:
    return api.ask("DELETE", f"administrators/{api.find('administrators', parsed.name)}")


def _new_password() -> str:
    """From the keyboard, twice and unseen; from a pipe, its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise AdminFailed("the two passwords differ")
    return password


def _pair(api: AdminApi, parsed: argparse.Namespace) -> Row:
    return {
        "user_id": api.find("users", parsed.user),
        "backend_id": api.find("backends", parsed.backend),
    }


def _field(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FIELD=VALUE")
    if value == "-":
        return name, sys.stdin.readline().rstrip("\r\n")
    try:
        return name, msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return name, value


def _body(fields: Sequence[tuple[str, Any]]) -> Row:
    """The fields as one object; dots lead into objects inside."""
    body: Row = {}
    for name, value in fields:
        *path, last = name.split(".")
        inner = body
        for step in path:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                raise AdminFailed(f"{name}: {step} is given as a value, too")
        inner[last] = value
    return body


def _reason(status: int, data: bytes) -> str:
    try:
        body = _decoded(data)
    except AdminFailed:
        return f"the gateway answered {status}"
    message = body.get("error") if isinstance(body, dict) else None
    return message if isinstance(message, str) else f"the gateway answered {status}"


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AdminFailed("what answered is no gateway: its answer is no JSON") from error


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.port != 0
        host = parts.hostname if whole else None
    except ValueError:
        host = None
    if not host:
        raise AdminFailed(f"{url!r} is no address; it looks like http://127.0.0.1:8080")
    return host
