"""The composition root: builds every part of a worker and hands them to each other."""

import contextlib
import logging
import os
import random
import secrets
import time
from pathlib import Path

import msgspec

from headgate.backends.backend import Backend
from headgate.config import Config, ConfigErrors, load, report
from headgate.filters.accounting import Accounting
from headgate.filters.detail import Detail
from headgate.filters.limiter import MemoryLimiter
from headgate.filters.limits import LimitCallers
from headgate.filters.pricing import ListPrices, Pricing
from headgate.filters.request_log import RequestLog
from headgate.mock.server import create_app as create_mock
from headgate.model.store_faults import StoreUnreachable
from headgate.pipeline import charge
from headgate.pipeline.filter import Filter, bind
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.snapshot import Snapshot, from_config
from headgate.ports import Books, Limiter, Prices
from headgate.server.asgi import Application
from headgate.server.interface import App, Receive, Scope, Send
from headgate.server.service import Service
from headgate.storage.engine import Database, open_database
from headgate.storage.ledger import Ledger
from headgate.storage.migrate import migrate
from headgate.storage.request_log import RequestLog as RequestLogReader
from headgate.upstream.answer import Upstream
from headgate.upstream.http import HttpUpstream
from headgate.upstream.local import LocalUpstream

_LOG = logging.getLogger(__name__)

BUILT_IN_MOCK = Backend(
    name="mock",
    base_url="http://mock.invalid",
    vendor="mock",
    speaks=("chat", "messages", "responses"),
    auth="none",
    models=("mock",),
)
"""What answers where nothing is configured, so that a newcomer sees a stream at once."""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What a process was started with. ``path`` is the configuration's file, None where there is
    none; ``admin_digest`` the digest of the administrator's token; ``loopback`` whether the
    listener is on this machine only."""

    config: Config
    path: str | None
    data: Path
    admin_digest: bytes
    loopback: bool = True


def filters(books: Books, limiter: Limiter, prices: Prices) -> list[Filter]:
    """The built-in behaviours of an exchange, in their order: the order is the architecture."""
    return [
        Detail(),
        LimitCallers(limiter, prices, time.time),
        Pricing(prices),
        Accounting(books),
        RequestLog(books),
    ]


def make_service(launch: Launch) -> Service:
    """The service of one worker, before its event loop runs."""
    worker = Worker(launch)
    return Service(
        app=worker,
        on_drain=worker.drain,
        on_drain_deadline=worker.cut,
        on_reload=worker.reload,
    )


class Worker:
    """One worker as an ASGI application: opens its parts at start-up, closes them at the end."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._gateway: Gateway | None = None
        self._application: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or lives through the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._application is not None:
            await self._application(scope, receive, send)

    def drain(self) -> None:
        """The gateway stops: it is not ready any more."""
        if self._gateway is not None:
            self._gateway.draining = True

    def cut(self) -> None:
        """The drain is over: what still runs says its last word."""
        if self._gateway is not None:
            self._gateway.cut()

    def reload(self) -> None:
        """Reads the configuration again; a bad one is reported and the running one goes on."""
        path, gateway = self._launch.path, self._gateway
        if path is None or gateway is None:
            return
        try:
            config = load(path, os.environ)
        except ConfigErrors as errors:
            _LOG.error("the configuration was not reloaded:\n%s", "\n".join(report(errors)))
            return
        self._use(gateway, _snapshot(self._launch, config))
        _LOG.warning("the configuration was reloaded from %s", path)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with contextlib.AsyncExitStack() as closing:
            try:
                await self._open(closing)
            except StoreUnreachable as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _open(self, closing: contextlib.AsyncExitStack) -> None:
        launch = self._launch
        database = open_database(database_url(launch))
        closing.push_async_callback(database.aclose)
        await migrate(database)
        ledger = Ledger(database, launch.data / "journal")
        closing.push_async_callback(ledger.aclose)
        await ledger.recover()
        ledger.start()
        http = HttpUpstream()
        closing.push_async_callback(http.aclose)
        gateway = self._gateway = _gateway(ledger, http)
        closing.push_async_callback(gateway.lists.aclose)
        self._use(gateway, _snapshot(launch, launch.config))
        self._application = Application(gateway, lambda: _open_admin(launch, database, ledger))

    def _use(self, gateway: Gateway, snapshot: Snapshot) -> None:
        gateway.snapshot = snapshot
        gateway.lists.use(snapshot.backends)
        if gateway.prices is not None and charge.decides(snapshot):
            for backend in snapshot.backends.values():
                gateway.prices.warm(backend.vendor)


def database_url(launch: Launch) -> str:
    """Where the database is: what the configuration says, else a file in the data folder."""
    return launch.config.database or f"sqlite:///{launch.data.absolute() / 'headgate.db'}"


def _gateway(books: Books, http: Upstream) -> Gateway:
    mock = LocalUpstream(create_mock(keep_requests=0))

    def upstream_for(backend: Backend) -> Upstream:
        return mock if backend is BUILT_IN_MOCK else http

    limiter, prices = MemoryLimiter(time.monotonic, time.time), ListPrices()
    return Gateway(
        snapshot=Snapshot(),
        upstream_for=upstream_for,
        lists=ModelLists(upstream_for),
        phases=bind(filters(books, limiter, prices)),
        wall=time.time,
        draw=random.random,
        mint=lambda: secrets.token_hex(12),
        prices=prices,
    )


def _snapshot(launch: Launch, config: Config) -> Snapshot:
    snapshot = from_config(config, launch.loopback)
    if snapshot.backends and launch.path is not None:
        return snapshot
    backends = {**snapshot.backends, BUILT_IN_MOCK.name: BUILT_IN_MOCK}
    return msgspec.structs.replace(snapshot, backends=backends)


def _open_admin(launch: Launch, database: Database, ledger: Ledger) -> App:
    """The admin application; its framework is loaded only now, at the first request for it."""
    from headgate.admin.app import create_app  # noqa: PLC0415 - 25 MB that few workers need
    from headgate.admin.auth import verifier  # noqa: PLC0415 - as above
    from headgate.admin.deps import Deps  # noqa: PLC0415 - as above

    return create_app(
        Deps(
            request_log=RequestLogReader(database, ledger.catch_up),
            verify_token=verifier(launch.admin_digest),
        )
    )
