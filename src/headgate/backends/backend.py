"""A backend as a record: its address, its credential, and how it differs from its dialects."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

import msgspec

from headgate.backends.sigv4 import AwsKeys, sign
from headgate.config.section import AuthStyle, DialectName, Guarded
from headgate.dialects.destination import Quirks
from headgate.model.price import Price

Headers = tuple[tuple[str, str], ...]


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds; first event and idle concern streams, total everything."""

    connect_s: float = 5.0
    first_event_s: float = 60.0
    idle_s: float = 60.0
    total_s: float = 600.0


class Detour(msgspec.Struct, frozen=True):
    """Where a path really leads, for whole answers and for streams. ``{model}`` stands for the
    model's name."""

    whole: str
    stream: str


class Backend(Guarded, frozen=True, kw_only=True):
    """One upstream endpoint; its credential and headers show in no repr.

    ``base_url`` ends before ``/v1`` and is "" for an agent. ``vendor`` owns opaque state, see
    `headgate.dialects.destination.Destination`. ``speaks`` is in order of preference.
    ``paths`` are exceptions, see `address`. ``agent`` names a factory in Python,
    ``package.module:factory``. ``prices`` are the operator's own, by globs of model names; of
    those that fit, the first counts. ``id`` stays when the name changes; "" in the file, where
    the name is the id.
    """

    name: str
    base_url: str
    vendor: str
    speaks: tuple[DialectName, ...] = ("chat",)
    auth: AuthStyle = "bearer"
    api_key: str | None = None
    aws: AwsKeys | None = None
    headers: Headers = ()
    timeouts: Timeouts = Timeouts()
    active: bool = True
    quirks: Quirks = Quirks()
    models: Literal["*"] | tuple[str, ...] = "*"
    paths: Mapping[str, Detour] = {}
    agent: str | None = None
    detail_logging: bool = False
    prices: tuple[tuple[str, Price], ...] = ()
    on_disconnect: Literal["cancel", "drain"] = "cancel"
    id: str = ""


def address(backend: Backend, path: str, model: str = "", stream: bool = False) -> str:
    """The URL of `path`, which begins with ``/v1`` or ``/v1beta`` and may hold a query.

    Of the backend's ``paths`` the one that is `path` itself counts, else the longest that ends in
    ``/`` and begins it, whose rest is kept.
    """
    if not backend.paths:
        return backend.base_url + path
    plain, mark, query = path.partition("?")
    detour, rest = _detour(backend.paths, plain)
    if detour is None:
        return backend.base_url + path
    led = (detour.stream if stream else detour.whole) + rest
    led = led.replace("{model}", quote(model, safe=":@"))
    joint = "&" if mark and "?" in led else mark
    return f"{backend.base_url}{led}{joint}{query}"


def credentials(backend: Backend) -> Headers:
    """The headers that carry the backend's credential; none where it has none or signs each
    request, see `signature`."""
    if not backend.api_key or backend.auth in ("none", "sigv4"):
        return ()
    if backend.auth == "bearer":
        return (("authorization", f"Bearer {backend.api_key}"),)
    return ((backend.auth, backend.api_key),)


def signature(backend: Backend, method: str, url: str, body: bytes, at: float) -> Headers:
    """The headers that sign one request at the Unix time `at`; none where the backend wants no
    signature. `url` and `body` must be sent as they are here."""
    if backend.auth != "sigv4" or backend.aws is None:
        return ()
    return sign(backend.aws, method, url, body, at)


def _detour(paths: Mapping[str, Detour], path: str) -> tuple[Detour | None, str]:
    if path in paths:
        return paths[path], ""
    begins = [key for key in paths if key.endswith("/") and path.startswith(key)]
    if not begins:
        return None, ""
    key = max(begins, key=len)
    return paths[key], path[len(key) :]
