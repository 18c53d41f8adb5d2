"""What is asked of the admin API, and in how many ways."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from urllib.parse import quote, urlencode

from measure.rows import backends, users

LIST = "/admin/analytics/requests"
OFFSETS = (0, 10, 10_000, 500_000)
NUMBERS = (
    "usage",
    "usage?by=user",
    "usage?by=day&by=user",
    "metrics",
    "daily-totals",
    "backend-quality",
    "model-trends",
    "latency",
    "response-length-histogram",
)
DAY_S = 86_400

Case = tuple[str, Sequence[str]]
"""What is asked, and the paths that ask it."""


def cases(ids: Sequence[str], end: float) -> list[Case]:
    """Every question; `ids` are of exchanges, `end` is when the last was."""
    return [*_pages(ids), *_searches(ids), *_numbers(end), *_single(ids)]


def _pages(ids: Sequence[str]) -> Iterable[Case]:
    people, places = users(), backends()
    filters: Mapping[str, Sequence[Mapping[str, object]]] = {
        "": [{}],
        "userId, busy": [{"userId": people[n].id} for n in range(5)],
        "userId, rare": [{"userId": people[-1 - n].id} for n in range(5)],
        "userId by name": [{"userId": people[n * 50].name} for n in range(5)],
        "userId, unknown": [{"userId": "nobody"}],
        "backendId": [{"backendId": place.id} for place in places],
        "backendId by name": [{"backendId": place.name} for place in places],
        "model, frequent": [{"model": name} for name in ("gpt-4o-mini", "fast", "gpt-4o")],
        "model, rare": [{"model": name} for name in ("o3", "text-embedding-3-small", "llama")],
        "outcome, frequent": [{"outcome": "complete"}],
        "outcome, rare": [{"outcome": name} for name in ("timeout", "drained", "truncated")],
        "detailLogged": [{"detailLogged": word} for word in ("true", "false")],
        "user and outcome": [{"userId": people[n].id, "outcome": "timeout"} for n in range(5)],
        "user and model": [{"userId": people[n].id, "model": "fast"} for n in range(5)],
        "backend and outcome": [
            {"backendId": place.id, "outcome": word}
            for place, word in product(places, ("complete", "timeout"))
        ],
        "model, outcome, detail": [
            {"model": name, "outcome": "complete", "detailLogged": "true"}
            for name in ("gpt-4o-mini", "llama")
        ],
        "session": [{"session": f"talk-{n * 997 % 2**18:05x}"} for n in range(10)],
    }
    for name, every in filters.items():
        asked = [_path(LIST, **one, offset=offset) for one, offset in product(every, OFFSETS)]
        yield f"requests {name}".strip(), asked
    yield "requests, 500 rows", [_path(LIST, limit=500, offset=offset) for offset in OFFSETS]


def _searches(ids: Sequence[str]) -> Iterable[Case]:
    texts = {
        "a frequent model": ["gpt", "mini", "claude"],
        "a rare model": ["o3-deep", "embed", "llama-3.3"],
        "a user": ["user-00", "user-299", "user-15"],
        "an id": ids[:10],
        "an error": ["does not exist", "internal error, request 77", "broke off after 12"],
        "nothing": ["nothing of this kind", "%", "'; DROP TABLE exchanges; --"],
    }
    for name, every in texts.items():
        asked = [_path(LIST, q=text, offset=offset) for text, offset in product(every, OFFSETS)]
        yield f"requests q={name}", asked
    narrow = product(("gpt", "broke", "user-1"), (users()[0].id, users()[-1].id))
    yield "requests q and userId", [_path(LIST, q=text, userId=user) for text, user in narrow]


def _numbers(end: float) -> Iterable[Case]:
    people, places = users(), backends()
    ranges: Sequence[Mapping[str, object]] = [
        {},
        *({"from": _day(end - days * DAY_S)} for days in (1, 7, 14)),
        {"from": _day(end - 20 * DAY_S), "to": _day(end - 10 * DAY_S)},
        *({"userId": people[n].id} for n in (0, 1, 50, 299)),
        *({"backendId": place.name} for place in places[:3]),
        *({"model": name} for name in ("gpt-4o-mini", "fast", "o3")),
    ]
    hours = [
        {"from": _time(end - hours * 3600), **more}
        for hours, more in product((1, 2, 6), ({}, {"userId": people[3].id}))
    ]
    for name in NUMBERS:
        yield f"analytics/{name}", [_path(f"/admin/analytics/{name}", **one) for one in ranges]
    for name in NUMBERS:
        path = f"/admin/analytics/{name}"
        yield f"analytics/{name}, last hours", [_path(path, **one) for one in hours]
    yield (
        "dashboard/summary",
        [f"/admin/dashboard/summary?days={days}" for days in (1, 7, 14, 30, 90)],
    )


def _single(ids: Sequence[str]) -> Iterable[Case]:
    yield "requests/{id}", [f"/admin/requests/{quote(id_)}" for id_ in ids]
    yield "requests/{id}/explain", [f"/admin/requests/{quote(id_)}/explain" for id_ in ids]


def _path(path: str, **parameters: object) -> str:
    mark = "&" if "?" in path else "?"
    return f"{path}{mark}{urlencode(parameters)}"


def _day(at: float) -> str:
    return _time(at)[:10]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
