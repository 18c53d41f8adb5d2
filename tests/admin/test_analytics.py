from typing import Any

import httpx2
import pytest

from headgate.model.analytics import Bucket, Group, GroupKey, Latency, Quality, Quantiles, Totals
from headgate.model.book_query import RequestQuery
from tests.admin.conftest import FakeAnalytics

DAY_S = 86_400.0
WAITS = Quantiles(1.0, 2.0, 3.0)
SHOWN = {"p50": 1.0, "p95": 2.0, "p99": 3.0}
UNKNOWN = {"p50": None, "p95": None, "p99": None}
SUMS = {
    "requests": 4,
    "errors": 1,
    "error_rate": 0.25,
    "streams": 3,
    "prompt_tokens": 10,
    "completion_tokens": 20,
    "cached_tokens": 2,
    "reasoning_tokens": 5,
    "total_tokens": 30,
    "cost_usd": 0.5,
}


def totals(**group: str) -> Totals:
    sums: dict[str, Any] = {name: value for name, value in SUMS.items() if name != "error_rate"}
    return Totals(group=Group(**group), **sums)


def latency(**group: str) -> Latency:
    return Latency(
        group=Group(**group), requests=4, time_to_first_event_ms=WAITS, response_time_ms=WAITS
    )


async def read(admin: httpx2.AsyncClient, path: str, **params: Any) -> Any:
    answered = await admin.get(f"/admin/analytics/{path}", params=params)
    assert answered.status_code == 200, answered.text
    return answered.json()


async def test_usage_is_told_apart_by_what_is_asked_for(
    admin: httpx2.AsyncClient, numbers: FakeAnalytics
) -> None:
    everything: tuple[GroupKey, ...] = ("day", "user", "backend", "model")
    group = {"day": "2023-11-14", "user_id": "u1", "backend_id": "b1", "model": "m"}
    numbers.totals_by[everything] = (totals(**group),)
    numbers.totals_by["user",] = (totals(user_id="u1"),)
    nobody = dict.fromkeys((*group, "user_name", "backend_name"))
    assert await read(admin, "usage") == [{**SUMS, **nobody, **group}]
    assert await read(admin, "usage", by="user") == [{**SUMS, **nobody, "user_id": "u1"}]
    assert await read(admin, "usage", by=["day", "model"]) == []
    assert [by for _, by in numbers.asked] == [everything, ("user",), ("day", "model")]


async def test_a_period_is_thirty_days_with_today_unless_it_is_said(
    admin: httpx2.AsyncClient, numbers: FakeAnalytics
) -> None:
    await read(admin, "usage", **{"from": "", "userId": ""})
    await read(admin, "usage", to="2023-11-14")
    await read(
        admin,
        "usage",
        **{"from": "2023-11-14", "userId": "u1", "backendId": "b1", "model": "m", "limit": "7"},
    )
    midnight = 1_699_920_000.0
    assert [query for query, _ in numbers.asked] == [
        RequestQuery(since=midnight - 29 * DAY_S),
        RequestQuery(since=midnight - 29 * DAY_S, until=midnight + DAY_S),
        RequestQuery(since=midnight, user_id="u1", backend_id="b1", model="m"),
    ]


async def test_totals_and_trends_go_by_the_day(
    admin: httpx2.AsyncClient, numbers: FakeAnalytics
) -> None:
    numbers.totals_by["day",] = (totals(day="2023-11-14"),)
    numbers.totals_by["day", "model"] = (totals(day="2023-11-14", model="m"),)
    assert await read(admin, "daily-totals") == [{**SUMS, "day": "2023-11-14"}]
    assert await read(admin, "model-trends") == [{**SUMS, "day": "2023-11-14", "model": "m"}]


async def test_metrics_join_sums_and_waiting(
    admin: httpx2.AsyncClient, numbers: FakeAnalytics
) -> None:
    known = {"backend_id": "b1", "backend_name": "east", "model": "m"}
    silent = {"backend_id": "b2", "backend_name": "west", "model": "m"}
    numbers.totals_by["backend", "model"] = (totals(**known), totals(**silent))
    numbers.latency_by["backend", "model"] = (latency(**known),)
    assert await read(admin, "metrics") == [
        {**SUMS, **known, "time_to_first_event_ms": SHOWN, "response_time_ms": SHOWN},
        {**SUMS, **silent, "time_to_first_event_ms": UNKNOWN, "response_time_ms": UNKNOWN},
    ]
    assert await read(admin, "latency") == [
        {**known, "requests": 4, "time_to_first_event_ms": SHOWN, "response_time_ms": SHOWN}
    ]


async def test_quality_says_how_attempts_ended(
    admin: httpx2.AsyncClient, numbers: FakeAnalytics
) -> None:
    numbers.qualities = (
        Quality(
            backend_id="b1",
            backend_name="east",
            attempts=3,
            errors=1,
            outcomes={"complete": 2, "timeout": 1},
            time_to_first_event_ms=WAITS,
            duration_ms=Quantiles(),
        ),
    )
    [row] = await read(admin, "backend-quality")
    assert (row["error_rate"], row["outcomes"]) == (0.333333, {"complete": 2, "timeout": 1})
    assert (row["time_to_first_event_ms"], row["duration_ms"]) == (SHOWN, UNKNOWN)


async def test_lengths_are_buckets(admin: httpx2.AsyncClient, numbers: FakeAnalytics) -> None:
    numbers.buckets = (Bucket(least=0, most=None, requests=7),)
    shown = await read(admin, "response-length-histogram")
    assert shown == [{"least": 0, "most": None, "requests": 7}]


async def test_the_summary_is_the_last_days_at_a_glance(
    admin: httpx2.AsyncClient, numbers: FakeAnalytics
) -> None:
    numbers.totals_by[()] = (totals(),)
    numbers.totals_by["day",] = (totals(day="2023-11-14"),)
    numbers.totals_by["user",] = tuple(totals(user_id=f"u{n}") for n in range(7))
    numbers.latency_by[()] = (latency(),)
    numbers.users = 7
    answered = await admin.get("/admin/dashboard/summary?days=2")
    summary = answered.json()
    assert {name: summary[name] for name in SUMS} == SUMS
    assert (summary["days"], summary["active_users"]) == (2, 7)
    assert summary["since"] == "2023-11-13T00:00:00.000Z"
    assert summary["response_time_ms"] == SHOWN
    assert summary["by_day"] == [{**SUMS, "day": "2023-11-14"}]
    assert [row["user_id"] for row in summary["top_users"]] == ["u0", "u1", "u2", "u3", "u4"]
    assert summary["top_models"] == []


async def test_without_any_request_the_summary_is_zeros(admin: httpx2.AsyncClient) -> None:
    summary = (await admin.get("/admin/dashboard/summary")).json()
    assert (summary["days"], summary["requests"], summary["error_rate"]) == (7, 0, 0)
    assert summary["time_to_first_event_ms"] == UNKNOWN


@pytest.mark.parametrize(
    "path",
    [
        "analytics/usage?by=hour",
        "analytics/usage?from=yesterday",
        "analytics/usage?by=day&by=day&by=day&by=day&by=day",
        "dashboard/summary?days=0",
        "dashboard/summary?days=1000000",
    ],
)
async def test_what_does_not_fit_is_a_400(admin: httpx2.AsyncClient, path: str) -> None:
    assert (await admin.get(f"/admin/{path}")).status_code == 400
