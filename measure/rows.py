"""A month of exchanges as a busy gateway has them: the same ones for the same seed and end."""

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

DAYS = 30
USERS = 300
_SEED = 7
_COMPLETE, _CLOSED = 0.93, 0.96
_BACKENDS = ("openai", "openai-eu", "claude", "bedrock", "gemini", "vllm-1", "vllm-2")
_ROUTES = (
    # name asked for, backend, name there, how often
    ("gpt-4o-mini", "openai", "gpt-4o-mini", 30),
    ("gpt-4o", "openai", "gpt-4o", 12),
    ("gpt-4o", "openai-eu", "gpt-4o", 6),
    ("fast", "openai", "gpt-4o-mini", 14),
    ("fast", "claude", "claude-haiku-4-5", 8),
    ("claude-sonnet-4-5", "claude", "claude-sonnet-4-5", 12),
    ("claude-sonnet-4-5", "bedrock", "anthropic.claude-sonnet-4-5-v1:0", 4),
    ("gemini-2.5-flash", "gemini", "gemini-2.5-flash", 6),
    ("llama", "vllm-1", "llama-3.3-70b-instruct", 3),
    ("llama", "vllm-2", "llama-3.3-70b-instruct", 3),
    ("embedder", "openai", "text-embedding-3-small", 2),
    ("o3-deep", "openai-eu", "o3", 0.02),
)
_FAILURES = (
    ("upstream_error", 502, "the backend answered 500: internal error, request {}"),
    ("timeout", 504, "the backend sent nothing for 60 s"),
    ("truncated", 200, "the stream broke off after {} events"),
    ("refused", 429, "the limit of 60 requests a minute is reached"),
    ("refused", 404, "the model 'gpt-5-{}' does not exist"),
    ("blocked", 403, "the policy 'redact' refused the request"),
    ("drained", 503, "the gateway restarts"),
)


class Named(NamedTuple):
    """A user or a backend of the database."""

    id: str
    name: str


class Made(NamedTuple):
    """One exchange with its attempts and its bodies, as columns by name."""

    exchange: dict[str, Any]
    attempts: list[dict[str, Any]]
    bodies: dict[str, Any] | None


def users() -> list[Named]:
    """The users, the busiest first."""
    ids = random.Random(_SEED)
    return [Named(f"{ids.getrandbits(64):016x}", f"user-{n:03}") for n in range(USERS)]


def backends() -> list[Named]:
    """The backends."""
    ids = random.Random(_SEED + 1)
    return [Named(f"{ids.getrandbits(64):016x}", name) for name in _BACKENDS]


def exchanges(count: int, end: float) -> Iterator[Made]:
    """`count` exchanges of the days before the Unix time `end`, the oldest first."""
    dice = random.Random(_SEED + 2)
    people = users()
    habits = [_habit(dice) for _ in people]
    busy = [1 / (rank + 3) for rank in range(len(people))]
    known = {backend.name: backend.id for backend in backends()}
    step = DAYS * 86_400 / count
    start = end - DAYS * 86_400
    for first in range(0, count, 1000):
        asking = dice.choices(range(len(people)), busy, k=1000)
        for number, rank in zip(range(first, min(first + 1000, count)), asking, strict=False):
            at = start + (number + dice.random()) * step
            route = dice.choice(habits[rank])
            yield _exchange(dice, at, people[rank], route, known)


def _habit(dice: random.Random) -> list[tuple[str, str, str, float]]:
    weights = [route[3] for route in _ROUTES]
    return dice.choices(_ROUTES, weights, k=dice.randint(1, 4))


def _exchange(
    dice: random.Random,
    at: float,
    user: Named,
    route: tuple[str, str, str, float],
    known: dict[str, str],
) -> Made:
    asked, backend, routed, _ = route
    id_ = f"{dice.getrandbits(96):024x}"
    chance = dice.random()
    outcome, status, error = "complete", 200, None
    if chance > _CLOSED:
        outcome, status, why = dice.choice(_FAILURES)
        error = why.format(dice.randint(1, 9_999))
    elif chance > _COMPLETE:
        outcome, status = "client_closed", 499
    tries = 0 if outcome == "refused" else 2 if chance < 0.04 else 1
    prompt, said = int(dice.lognormvariate(6.5, 1.2)), int(dice.lognormvariate(5, 1.3))
    first, whole = dice.lognormvariate(6, 0.5), dice.lognormvariate(7.5, 0.8)
    cost = prompt * 1.5e-7 + said * 6e-7
    detailed = dice.random() < 0.02
    session = f"talk-{dice.getrandbits(18):05x}" if dice.random() < 0.4 else None
    reached = tries > 0
    made = {
        "prompt_tokens": prompt if reached else None,
        "completion_tokens": said if reached else None,
        "cached_tokens": prompt // 3 if reached else None,
        "reasoning_tokens": 0 if reached else None,
        "usage_source": "provider" if reached else None,
        "cost_usd": cost if reached else None,
    }
    attempts = [
        {
            "exchange_id": id_,
            "attempt": number,
            "at": at + number * 0.01,
            "user_id": user.id,
            "backend_id": known[backend],
            "backend_name": backend,
            "routed_model": routed,
            "outcome": outcome if number == tries else "upstream_error",
            "status_code": status if number == tries else 500,
            "error_message": error,
            "price_version": "own",
            "time_to_first_event_ms": first,
            "duration_ms": whole,
            **made,
        }
        for number in range(1, tries + 1)
    ]
    exchange = {
        "id": id_,
        "created_at": at,
        "user_id": user.id,
        "user_name": user.name,
        "backend_id": known[backend] if reached else None,
        "backend_name": backend if reached else None,
        "endpoint": "/v1/messages" if "claude" in asked else "/v1/chat/completions",
        "dialect": "messages" if "claude" in asked else "chat",
        "request_model": asked,
        "routed_model": routed if reached else None,
        "response_model": routed if reached else None,
        "total_tokens": prompt + said if reached else None,
        "status_code": status,
        "outcome": outcome,
        "error_message": error,
        "attempts": tries,
        "time_to_first_event_ms": first if reached else None,
        "response_time_ms": whole,
        "overhead_us": 300,
        "stream": dice.random() < 0.7,
        "detail_logged": detailed,
        "session": session,
        "losses": "[]",
        **made,
    }
    text = "lorem ipsum dolor sit amet " * 40
    body = json.dumps({"model": asked, "messages": [{"role": "user", "content": text}]})
    bodies = {"exchange_id": id_, "request_body": body, "response_body": body} if detailed else None
    return Made(exchange, attempts, bodies)
