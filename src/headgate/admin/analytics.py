"""The request log in numbers: ``/admin/analytics/…`` and ``/admin/dashboard/summary``."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from headgate.admin import figures
from headgate.admin.answers import answer
from headgate.admin.deps import Analytics
from headgate.admin.instants import rfc3339
from headgate.model.analytics import Group, GroupKey, Latency, Quality, Quantiles, Totals
from headgate.model.book_query import RequestQuery

DEFAULT_DAYS = 30
MOST_DAYS = 3650
_DAY_S = 86_400.0
_TOP = 5
_TOPS: tuple[GroupKey, ...] = ("user", "model", "backend")

Wanted = Annotated[figures.Period, Query()]
WantedGroups = Annotated[figures.GroupedPeriod, Query()]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS)]


def routes(numbers: Analytics, now: Callable[[], float]) -> APIRouter:
    """The routes that read `numbers`; `now` is Unix time."""
    router = APIRouter(tags=["analytics"])
    desk = _Desk(numbers, now)
    for path, read, shape in (
        ("analytics/usage", desk.usage, list[figures.UsageRow]),
        ("analytics/metrics", desk.metrics, list[figures.MetricsRow]),
        ("analytics/daily-totals", desk.daily_totals, list[figures.DayRow]),
        ("analytics/backend-quality", desk.backend_quality, list[figures.QualityRow]),
        ("analytics/model-trends", desk.model_trends, list[figures.TrendRow]),
        ("analytics/latency", desk.latency, list[figures.LatencyRow]),
        ("analytics/response-length-histogram", desk.lengths, list[figures.BucketRow]),
        ("dashboard/summary", desk.summary, figures.Summary),
    ):
        router.add_api_route(f"/admin/{path}", read, methods=["GET"], response_model=shape)
    return router


class _Desk:
    def __init__(self, numbers: Analytics, now: Callable[[], float]) -> None:
        self._numbers = numbers
        self._now = now

    async def usage(self, wanted: WantedGroups) -> Response:
        """Requests, tokens and cost by day, user, backend and model, or by some of these."""
        return await self._sums(wanted, wanted.by, figures.UsageRow)

    async def daily_totals(self, wanted: Wanted) -> Response:
        """Requests, tokens and cost by day, the latest first."""
        return await self._sums(wanted, ("day",), figures.DayRow)

    async def model_trends(self, wanted: Wanted) -> Response:
        """Requests, tokens and cost by day and model, the latest day first."""
        return await self._sums(wanted, ("day", "model"), figures.TrendRow)

    async def metrics(self, wanted: Wanted) -> Response:
        """Requests, tokens, cost, errors and waiting by backend and model."""
        query = self._query(wanted)
        waits = {row.group: row for row in await self._numbers.latency(query, _BACKEND_MODEL)}
        rows = await self._numbers.totals(query, _BACKEND_MODEL)
        return answer(
            [{**_sums(row, figures.MetricsRow), **_waits(waits.get(row.group))} for row in rows]
        )

    async def latency(self, wanted: Wanted) -> Response:
        """How long callers waited for the first event and the whole, by backend and model."""
        rows = await self._numbers.latency(self._query(wanted), _BACKEND_MODEL)
        return answer([{**_latency(row), "requests": row.requests} for row in rows])

    async def backend_quality(self, wanted: Wanted) -> Response:
        """How each backend's attempts ended, second attempts included."""
        return answer([_quality(row) for row in await self._numbers.quality(self._query(wanted))])

    async def lengths(self, wanted: Wanted) -> Response:
        """How long the answers were, in completion tokens."""
        return answer(await self._numbers.lengths(self._query(wanted)))

    async def summary(self, days: Days = 7) -> Response:
        """The last days (UTC), today among them, at a glance."""
        since = _first_of(days, self._now())
        query = RequestQuery(since=since)
        numbers = self._numbers
        whole, waits, by_day, active_users, *tops = await asyncio.gather(
            numbers.totals(query, ()),
            numbers.latency(query, ()),
            numbers.totals(query, ("day",)),
            numbers.active_users(query),
            *(self._top(query, key) for key in _TOPS),
        )
        return answer(
            {
                "days": days,
                "since": rfc3339(since),
                "active_users": active_users,
                **_sums(whole[0] if whole else _NOTHING, figures.Sums),
                **_waits(waits[0] if waits else None),
                "by_day": [_sums(row, figures.DayRow) for row in by_day],
                **{f"top_{key}s": rows for key, rows in zip(_TOPS, tops, strict=True)},
            }
        )

    async def _top(self, query: RequestQuery, key: GroupKey) -> list[dict[str, Any]]:
        rows = await self._numbers.totals(query, (key,))
        return [_sums(row, figures.UsageRow) for row in rows[:_TOP]]

    async def _sums(
        self, wanted: figures.Period, by: Sequence[GroupKey], shape: type[figures.Sums]
    ) -> Response:
        rows = await self._numbers.totals(self._query(wanted), by)
        return answer([_sums(row, shape) for row in rows])

    def _query(self, wanted: figures.Period) -> RequestQuery:
        since = wanted.since
        if since is None:
            until, now = wanted.until, self._now()
            since = _first_of(DEFAULT_DAYS, now if until is None else min(until, now))
        return RequestQuery(
            since=since,
            until=wanted.until,
            user_id=wanted.user_id,
            backend_id=wanted.backend_id,
            model=wanted.model,
        )


def _first_of(days: int, until: float) -> float:
    """When the first of so many days (UTC) began, of which the last is that of `until`."""
    return math.ceil(until / _DAY_S - days) * _DAY_S


_BACKEND_MODEL: tuple[GroupKey, ...] = ("backend", "model")
_NOTHING = Totals(
    group=Group(),
    requests=0,
    errors=0,
    streams=0,
    prompt_tokens=0,
    completion_tokens=0,
    cached_tokens=0,
    reasoning_tokens=0,
    total_tokens=0,
    cost_usd=0.0,
)


def _sums(row: Totals, shape: type[figures.Sums]) -> dict[str, Any]:
    """The fields of `shape` that a row of sums has."""
    rate = row.errors / row.requests if row.requests else 0.0
    values = {
        **msgspec.structs.asdict(row.group),
        **msgspec.structs.asdict(row),
        "error_rate": round(rate, 6),
        "cost_usd": round(row.cost_usd, 9),
    }
    return {name: values[name] for name in shape.model_fields if name in values}


def _waits(row: Latency | None) -> dict[str, Any]:
    return {
        "time_to_first_event_ms": row.time_to_first_event_ms if row else Quantiles(),
        "response_time_ms": row.response_time_ms if row else Quantiles(),
    }


def _latency(row: Latency) -> dict[str, Any]:
    group = row.group
    named = {"backend_id": group.backend_id, "backend_name": group.backend_name}
    return {**named, "model": group.model, **_waits(row)}


def _quality(row: Quality) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "error_rate": round(row.errors / row.attempts, 6)}
