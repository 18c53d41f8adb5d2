"""The composition root: builds every part of a worker and hands them to each other."""

import contextlib
import logging
import os
import random
import time
from pathlib import Path

import msgspec

from headgate.backends.backend import Backend
from headgate.composition.background import running
from headgate.composition.guards import Guards, check_entry
from headgate.composition.measuring import Measuring, is_bearer, sharing_of
from headgate.composition.memory import remembering
from headgate.composition.recordings import recording
from headgate.composition.ways_out import WaysOut
from headgate.config import Config, ConfigErrors, load
from headgate.config.schema import LoggingSettings
from headgate.filters.accounting import Accounting
from headgate.filters.detail import Detail
from headgate.filters.limiter import MemoryLimiter
from headgate.filters.limits import LimitCallers
from headgate.filters.metering import Metering
from headgate.filters.pricing import ListPrices, Pricing
from headgate.filters.request_log import RequestLog
from headgate.filters.shared_limiter import SharedLimiter
from headgate.filters.shared_rows import Seat, SharedRows
from headgate.filters.strangers import Strangers
from headgate.filters.taping import Taping
from headgate.metrics.exposition import CONTENT_TYPE
from headgate.model.directory import Directory
from headgate.model.store_faults import StoreUnreachable
from headgate.pipeline import charge
from headgate.pipeline.filter import Filter, bind
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.knowledge import Knowledge
from headgate.pipeline.merge import Merged, merge
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.snapshot import Snapshot, from_config
from headgate.ports import Books, Limiter, Prices, Spending
from headgate.server.asgi import Application
from headgate.server.door import Door
from headgate.server.early import Early
from headgate.server.interface import App, Message, Receive, Scope, Send
from headgate.server.scraping import Scraping
from headgate.server.service import Service
from headgate.storage.backend_secrets import open_secrets
from headgate.storage.directory import DirectoryStore
from headgate.storage.directory.audit_end import EndSeal
from headgate.storage.engine import Database, open_database
from headgate.storage.ledger import Ledger
from headgate.storage.migrate import NewerSchema, migrate
from headgate.storage.reseal import reseal
from headgate.storage.retention import keep_only
from headgate.storage.secret_claim import AnotherSecretKey, claim
from headgate.storage.secret_key import SecretKey
from headgate.storage.spending import BookedSpending
from headgate.storage.vault import Vault
from headgate.upstream.http import HttpUpstream

_LOG = logging.getLogger(__name__)
_DATABASE_FILE = "headgate.db"

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
    none; ``admin_digest`` the digest of the administrator's token; ``secret_keys`` stand outside
    the database, the newest first; ``loopback``: the listener is on this machine only; ``group``
    names the processes that serve together, ``workers`` of them, which keep limits in ``shared``;
    None where there is one."""

    config: Config
    path: str | None
    data: Path
    admin_digest: bytes
    secret_keys: tuple[SecretKey, ...]
    loopback: bool = True
    group: str = ""
    workers: int = 1
    shared: SharedRows | None = None

    @property
    def peppers(self) -> tuple[bytes, ...]:
        """What digests of keys are made with, the newest first."""
        return tuple(key.pepper for key in self.secret_keys)


def filters(
    books: Books,
    limiter: Limiter,
    prices: Prices,
    metering: Metering,
    strangers: Strangers | None = None,
) -> list[Filter]:
    """The built-in behaviours of an exchange, in their order: the order is the architecture."""
    return [
        Detail(),
        LimitCallers(limiter, prices, time.time),
        Pricing(prices),
        Accounting(books),
        RequestLog(books, strangers),
        metering,
    ]


def make_service(launch: Launch, number: int = 0) -> Service:
    """The service of the worker with that number, before its event loop runs."""
    worker = Worker(launch, number)
    return Service(
        app=worker,
        door=worker.door,
        on_drain=worker.drain,
        on_drain_deadline=worker.cut,
        on_reload=worker.reload,
    )


class Worker:
    """One worker as an ASGI application: opens its parts at start-up, closes them at the end."""

    def __init__(self, launch: Launch, number: int = 0) -> None:
        self._launch = launch
        self._number = number
        # Before anything that may fail: what its predecessor ran is over.
        self._seat = None if launch.shared is None else Seat(launch.shared, number)
        self._gateway: Gateway | None = None
        self._knowledge: Knowledge | None = None
        self._application: Application | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or lives through the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._application is not None:
            await self._application(scope, receive, send)

    def door(self) -> Door | None:
        """The way in past ASGI, once it is open."""
        return self._application

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
        if self._knowledge is None or self._launch.path is None:
            return
        problems = self._knowledge.reread()
        if problems:
            _LOG.error("the configuration was not reloaded:\n%s", "\n".join(problems))
        else:
            _LOG.warning("the configuration was reloaded from %s", self._launch.path)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with contextlib.AsyncExitStack() as closing:
            failure = await self._try_to_open(closing)
            if failure is None:
                await send({"type": "lifespan.startup.complete"})
                await receive()
        # Said last: whoever hears it may end the event loop.
        await send(_failed(failure) if failure else {"type": "lifespan.shutdown.complete"})

    async def _try_to_open(self, closing: contextlib.AsyncExitStack) -> str | None:
        """Why it cannot serve, in a sentence; None where it can."""
        try:
            await self._open(closing)
        except ConfigErrors as errors:
            return "; ".join(map(str, errors.problems))
        except (StoreUnreachable, NewerSchema, AnotherSecretKey) as error:
            return str(error)
        return None

    async def _open(self, closing: contextlib.AsyncExitStack) -> None:
        launch = self._launch
        database, ledger = books = await _open_books(launch, closing)
        http = HttpUpstream()
        closing.push_async_callback(http.aclose)
        ways, measuring = _ways(http), _measuring(launch, self._number)
        recordings = await closing.enter_async_context(recording(launch.data, self._logging))
        limiter, taping = _limiter(BookedSpending(database), self._seat), Taping(recordings)
        gateway, early = _gateway(ledger, ways, limiter, measuring, taping)
        self._gateway = gateway
        closing.push_async_callback(gateway.lists.aclose)
        store, vault = await _open_store(database, launch)
        guards, scraping = Guards(gateway, http), _scraping(launch, measuring, store)
        knowledge = self._knowledge = _knowledge(launch, store, vault, gateway, (guards, ways))
        await knowledge.open()
        await closing.enter_async_context(remembering(gateway, database, knowledge))
        await closing.enter_async_context(
            running(
                knowledge.follow(gateway.key_uses),
                measuring.share(),
                keep_only(database, lambda: knowledge.config.logging.retention, time.time),
            )
        )

        def open_admin() -> App:
            """Its framework is loaded only now, at the first request for it."""
            from headgate.composition import administration  # noqa: PLC0415 - 25 MB that few workers need

            pepper, try_out = launch.peppers[0], guards.rehearsing()
            control = administration.control_of(
                store, knowledge, gateway.lists, vault, pepper, lambda: _built_in(gateway)
            )
            sign_in = administration.sign_in_of(knowledge, http, launch.secret_keys)
            played = administration.playing_of(recordings.find, gateway)
            return administration.open_admin(
                books, control, launch.admin_digest, sign_in, try_out, played
            )

        measuring.look_at(gateway, ledger)
        self._application = Application(gateway, open_admin, scraping, early)

    def _logging(self) -> LoggingSettings:
        known = self._knowledge
        return (self._launch.config if known is None else known.config).logging


def database_url(launch: Launch) -> str:
    """Where the database is: what the configuration says, else a file in the data folder."""
    return _database_url(launch.config, launch.data)


async def has_users(config: Config, data: Path) -> bool:
    """Whether anybody could show a key; makes no data folder. Raises StoreUnreachable."""
    if config.users or not (config.database or (data / _DATABASE_FILE).exists()):
        return bool(config.users)
    database = open_database(_database_url(config, data))
    try:
        await migrate(database)
        return bool(await DirectoryStore(database).list_users())
    finally:
        await database.aclose()


async def _open_books(
    launch: Launch, closing: contextlib.AsyncExitStack
) -> tuple[Database, Ledger]:
    database = open_database(database_url(launch))
    closing.push_async_callback(database.aclose)
    await migrate(database)
    await claim(database, launch.secret_keys)
    ledger = Ledger(database, launch.data / "journal")
    closing.push_async_callback(ledger.aclose)
    await ledger.recover()
    ledger.start()
    return database, ledger


async def _open_store(database: Database, launch: Launch) -> tuple[DirectoryStore, Vault]:
    keys = launch.secret_keys
    store, vault = DirectoryStore(database, seal=EndSeal([key.audit for key in keys])), Vault(keys)
    await store.seal_audit()
    await reseal(store, vault, time.time())
    return store, vault


def _ways(http: HttpUpstream) -> WaysOut:
    return WaysOut(http, BUILT_IN_MOCK, _make_mock)


def _measuring(launch: Launch, number: int) -> Measuring:
    return Measuring(number, sharing_of(launch.data, launch.group, launch.workers, number))


def _scraping(launch: Launch, measuring: Measuring, store: DirectoryStore) -> Scraping:
    return Scraping(
        read=measuring.read,
        content_type=CONTENT_TYPE,
        is_admin=is_bearer(launch.admin_digest, store, time.time),
        loopback=launch.loopback,
    )


def _database_url(config: Config, data: Path) -> str:
    return config.database or f"sqlite:///{data.absolute() / _DATABASE_FILE}"


def _make_mock() -> App:
    from headgate.mock.server import create_app  # noqa: PLC0415 - who has backends needs no mock

    return create_app(keep_requests=0)


def _failed(message: str) -> Message:
    return {"type": "lifespan.startup.failed", "message": message}


def _knowledge(
    launch: Launch,
    store: DirectoryStore,
    vault: Vault,
    gateway: Gateway,
    outside: tuple[Guards, WaysOut],
) -> Knowledge:
    path = launch.path
    guards, ways = outside

    def build(config: Config, directory: Directory) -> Merged:
        file = from_config(config, launch.loopback, launch.peppers)
        merged = merge(file, directory, lambda row: open_secrets(vault, row))
        ways.open(merged.snapshot.backends.values(), path or "the environment")
        open_guard = guards.of(config, directory, path or "the environment")
        snapshot = msgspec.structs.replace(
            _with_mock(launch, merged.snapshot), open_guard=open_guard
        )
        return Merged(snapshot, merged.problems)

    def use(merged: Merged) -> None:
        _use(gateway, merged.snapshot)

    read = None if path is None else lambda: load(path, os.environ, check_entry)
    return Knowledge(store, launch.config, read, build, use)


def _use(gateway: Gateway, snapshot: Snapshot) -> None:
    gateway.snapshot = snapshot
    gateway.lists.use(snapshot.backends)
    if gateway.prices is not None and charge.decides(snapshot):
        for backend in snapshot.backends.values():
            gateway.prices.warm(backend.vendor)


def _limiter(spending: Spending, seat: Seat | None) -> Limiter:
    if seat is None:
        return MemoryLimiter(time.monotonic, time.time, spending)
    return SharedLimiter(time.monotonic, time.time, spending, seat)


def _gateway(
    books: Books, ways: WaysOut, limiter: Limiter, measuring: Measuring, taping: Taping
) -> tuple[Gateway, Early]:
    lists, prices = ModelLists(ways.to), ListPrices()
    metering, strangers = Metering(measuring.meters, lists.has), Strangers()
    built_in = filters(books, limiter, prices, metering, strangers)
    gateway = Gateway(
        snapshot=Snapshot(),
        upstream_for=ways.to,
        lists=lists,
        phases=bind([*built_in, taping]),
        wall=time.time,
        draw=random.random,
        # The second, then chance: what comes together lies together in the log's key, so that a
        # batch touches a few pages of a large table and not one for every row.
        mint=lambda: f"{int(time.time()):08x}{os.urandom(8).hex()}",
        prices=prices,
    )
    return gateway, Early(gateway, strangers, metering)


def _built_in(gateway: Gateway) -> list[Backend]:
    """The backends in force that nobody defined."""
    return [one for one in gateway.snapshot.backends.values() if one is BUILT_IN_MOCK]


def _with_mock(launch: Launch, snapshot: Snapshot) -> Snapshot:
    if snapshot.backends and launch.path is not None:
        return snapshot
    backends = {BUILT_IN_MOCK.name: BUILT_IN_MOCK, **snapshot.backends}
    return msgspec.structs.replace(snapshot, backends=backends)
