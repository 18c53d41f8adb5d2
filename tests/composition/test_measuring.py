"""What a worker tells of itself and of the others."""

import asyncio
import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headgate.composition.measuring import Measuring, is_bearer, sharing_of
from headgate.model.directory import AdminTokenRow
from headgate.model.fault import Refused
from headgate.model.store_faults import StoreUnreachable
from headgate.storage.ledger import Backlog
from tests.admin.fake_directory import FakeDirectory
from tests.metrics.strict_parser import Metric, parse
from tests.pipeline.fakes import Scene


async def told(measuring: Measuring) -> dict[str, Metric]:
    return parse((await measuring.read()).decode())


def two(folder: Path) -> list[Measuring]:
    return [Measuring(number, sharing_of(folder, "g", 2, number)) for number in range(2)]


async def share_once(measuring: Measuring) -> None:
    """As at the end of a worker's life."""
    task = asyncio.ensure_future(measuring.share())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_worker_alone_shares_with_nobody(tmp_path: Path) -> None:
    assert sharing_of(tmp_path, "g", 1, 0) is None
    measuring = Measuring()
    await measuring.share()
    assert list(tmp_path.iterdir()) == []
    metrics = await told(measuring)
    assert metrics["headgate_workers"].value() == 1
    assert metrics["headgate_build_info"].value() == 1
    assert metrics["process_resident_memory_bytes"].value(worker="0") > 5e6


async def test_counts_of_all_workers_are_added_and_gauges_stand_side_by_side(
    tmp_path: Path,
) -> None:
    one, other = two(tmp_path)
    one.meters.attempts.add(("up", "complete"), 2)
    other.meters.attempts.add(("up", "complete"), 3)
    other.meters.first_event.observe(("chat", "up"), 0.2)
    await share_once(other)
    metrics = await told(one)
    assert metrics["headgate_attempts_total"].value(backend="up") == 5
    assert metrics["headgate_time_to_first_event_seconds"].value("_count") == 1
    assert metrics["headgate_workers"].value() == 2
    for worker in ("0", "1"):
        assert metrics["process_start_time_seconds"].value(worker=worker) > 0


async def test_the_state_of_each_worker_is_told_to_the_others(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    scene = Scene()
    scene.gateway.draining = True
    ledger: Any = SimpleNamespace(backlog=lambda: Backlog(7, 0.5))
    other.look_at(scene.gateway, ledger)
    await share_once(other)
    metrics = await told(one)
    assert metrics["headgate_draining"].value(worker="1") == 1
    assert metrics["headgate_journal_backlog_bytes"].value(worker="1") == 7
    assert metrics["headgate_ledger_lag_seconds"].value(worker="1") == 0.5
    assert metrics["headgate_model_list_ready"].value(worker="1", backend="one") == 1
    assert metrics["headgate_backend_models"].value(worker="1", backend="one") >= 1
    assert metrics["headgate_requests_in_flight"].value(worker="1") == 0


async def test_a_worker_that_is_replaced_loses_no_count(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    other.meters.attempts.add(("up", "complete"), 3)
    await share_once(other)
    new = Measuring(1, sharing_of(tmp_path, "g", 2, 1))
    new.meters.attempts.add(("up", "complete"))
    await share_once(new)
    for measuring in (one, new):
        assert (await told(measuring))["headgate_attempts_total"].value() == 4


async def test_where_nothing_can_be_written_it_is_said_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, _ = two(tmp_path)
    for path in tmp_path.iterdir():
        path.rmdir()
    await share_once(one)
    assert "cannot be shared" in caplog.text


def row(token: str, expires_at: float | None) -> AdminTokenRow:
    digest = hashlib.sha256(token.encode()).digest()
    fields: dict[str, Any] = {"id": token, "name": token, "role": "viewer", "hint": ""}
    return AdminTokenRow(digest=digest, created_at=0.0, expires_at=expires_at, **fields)


async def test_an_administrator_s_tokens_are_known_as_long_as_they_last() -> None:
    store = FakeDirectory()
    await store.add_token(row("for-ever", None))
    await store.add_token(row("lasting", 100.1))
    await store.add_token(row("expired", 99.9))
    known = is_bearer(hashlib.sha256(b"own").digest(), store, lambda: 100.0)
    found = {token for token in ("own", "for-ever", "lasting", "expired", "") if await known(token)}
    assert found == {"own", "for-ever", "lasting"}


async def test_without_a_database_the_own_token_is_still_known() -> None:
    async def find_token(digest: bytes) -> None:
        raise StoreUnreachable("gone")

    store: Any = SimpleNamespace(find_token=find_token)
    known = is_bearer(hashlib.sha256(b"own").digest(), store, lambda: 100.0)
    assert await known("own")
    with pytest.raises(Refused) as refused:
        await known("another")
    assert refused.value.fault.http_status == 503
