"""The metrics of a worker: what is counted, what is looked up, and what the other workers say."""

import asyncio
import hmac
import logging
import platform
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from headgate import __version__
from headgate.metrics.exposition import written
from headgate.metrics.meters import Meters
from headgate.metrics.process import process_gauges
from headgate.metrics.sample import Gauge, alone
from headgate.metrics.sharing import Sharing, Words, add_up, words_of
from headgate.model.fault import Fault, Refused
from headgate.model.store_faults import StoreUnreachable
from headgate.pipeline.gateway import Gateway
from headgate.policies.report import HOLD_BUCKETS_S
from headgate.ports import DirectoryPort
from headgate.storage.admin_token import token_digest
from headgate.storage.ledger import Ledger

SHARE_EVERY_S = 1.0

_LOG = logging.getLogger(__name__)


def new_meters() -> Meters:
    """Meters that have counted nothing."""
    return Meters(HOLD_BUCKETS_S)


class Measuring:
    """What ``GET /metrics`` tells. `sharing` where the worker, `number`, is one of several."""

    def __init__(self, number: int = 0, sharing: Sharing | None = None) -> None:
        self.meters = new_meters()
        self._number = str(number)
        self._sharing = sharing
        self._looked_at: tuple[Gateway, Ledger] | None = None
        if sharing is not None:
            sharing.inherit(self.meters)

    def look_at(self, gateway: Gateway, ledger: Ledger) -> None:
        """These are the parts of the worker whose state is told."""
        self._looked_at = gateway, ledger

    async def read(self) -> bytes:
        """The text: counts of all workers together, figures of the moment by worker."""
        return await asyncio.to_thread(self._text, self._words())

    async def share(self) -> None:
        """Tells the other workers, for as long as this one lives, and at its end."""
        try:
            while self._sharing is not None:
                await self._publish(self._sharing)
                await asyncio.sleep(SHARE_EVERY_S)
        finally:
            if self._sharing is not None:
                self._say(self._sharing, self._words())

    async def _publish(self, sharing: Sharing) -> None:
        await asyncio.to_thread(self._say, sharing, self._words())

    def _say(self, sharing: Sharing, words: Words) -> None:
        try:
            sharing.publish(words)
        except OSError as error:
            _LOG.warning("the metrics of this worker cannot be shared: %s", error)

    def _words(self) -> Words:
        gauges = process_gauges()
        if self._looked_at is not None:
            gauges += _gauges(*self._looked_at)
        return words_of(self.meters, gauges)

    def _text(self, own: Words) -> bytes:
        others = list(self._sharing.others()) if self._sharing is not None else []
        said = [(self._number, own), *others]
        whole = new_meters()
        add_up(whole, [words for _, words in said])
        workers = sum(bool(words.gauges) for _, words in said)
        return written(whole, [*_about(workers), *_by_worker(said)])


def sharing_of(data: Path, group: str, workers: int, number: int) -> Sharing | None:
    """Where the worker with that `number` tells the others; None where it is the only one."""
    return Sharing(data / "metrics", group, number) if workers > 1 else None


def is_bearer(
    admin_digest: bytes, store: DirectoryPort, wall: Callable[[], float]
) -> Callable[[str], Awaitable[bool]]:
    """Whether a token is the administrator's, or one that an administrator has made."""

    async def is_admin(token: str) -> bool:
        digest = token_digest(token)
        if hmac.compare_digest(digest, admin_digest):
            return True
        try:
            row = await store.find_token(digest)
        except StoreUnreachable as error:
            message = "The database cannot be reached at the moment."
            raise Refused(Fault(kind="auth_unavailable", message=message)) from error
        return row is not None and (row.expires_at is None or row.expires_at > wall())

    return is_admin


def _about(workers: int) -> tuple[Gauge, Gauge]:
    build = ((__version__, platform.python_version()), 1.0)
    return (
        Gauge("headgate_build_info", "What runs here.", ("version", "python"), (build,)),
        alone("headgate_workers", "Workers that live.", workers),
    )


def _gauges(gateway: Gateway, ledger: Ledger) -> list[Gauge]:
    backlog = ledger.backlog()
    return [
        alone("headgate_requests_in_flight", "Exchanges under way.", len(gateway.running)),
        alone("headgate_draining", "1 while the gateway stops.", gateway.draining),
        alone("headgate_journal_backlog_bytes", "Not yet in the database.", backlog.bytes),
        alone("headgate_ledger_lag_seconds", "How long the oldest waits.", backlog.age_s),
        *_lists(gateway),
    ]


def _lists(gateway: Gateway) -> Iterator[Gauge]:
    """What is known of the models of the active backends."""
    known = gateway.lists.known
    ready = tuple(((name,), float(models is not None)) for name, models in known.items())
    sizes = tuple(((name,), float(len(m))) for name, m in known.items() if m is not None)
    help_ = "1 where the backend's model list is known."
    yield Gauge("headgate_model_list_ready", help_, ("backend",), ready)
    yield Gauge("headgate_backend_models", "Models in the list.", ("backend",), sizes)


def _by_worker(said: Iterable[tuple[str, Words]]) -> list[Gauge]:
    """The gauges of all, each with the label of its worker, one family of each name."""
    found: dict[str, Gauge] = {}
    for number, words in said:
        for gauge in words.gauges:
            values = tuple(((number, *labels), value) for labels, value in gauge.values)
            before = found.get(gauge.name)
            if before is None:
                names = ("worker", *gauge.labels)
                found[gauge.name] = msgspec.structs.replace(gauge, labels=names, values=values)
            else:
                whole = before.values + values
                found[gauge.name] = msgspec.structs.replace(before, values=whole)
    return list(found.values())
