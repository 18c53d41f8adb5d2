"""Records of the books for tests."""

from typing import Any

import msgspec

from headgate.model.books import AttemptRow, ExchangeRow, Intent, PolicyNote

AT = 1_700_000_000.125


def intent(exchange_id: str = "x1", attempt: int = 1, **fields: Any) -> Intent:
    """An intent of a streamed chat request."""
    whole: dict[str, Any] = {
        "exchange_id": exchange_id,
        "attempt": attempt,
        "at": AT + attempt,
        "user_id": "alice",
        "key_id": "k1",
        "backend_id": "openai",
        "endpoint": "/v1/chat/completions",
        "dialect": "chat",
        "request_model": "fast",
        "routed_model": "gpt-4o-mini",
        "stream": True,
        "input_estimate": 40,
    }
    return Intent(**_named(whole | fields))


def settled(exchange_id: str = "x1", attempt: int = 1, **fields: Any) -> AttemptRow:
    """A complete attempt with every field said."""
    whole: dict[str, Any] = {
        "exchange_id": exchange_id,
        "attempt": attempt,
        "at": AT + attempt,
        "user_id": "alice",
        "backend_id": "openai",
        "routed_model": "gpt-4o-mini",
        "outcome": "complete",
        "status_code": 200,
        "prompt_tokens": 41,
        "completion_tokens": 0,
        "cached_tokens": 8,
        "reasoning_tokens": 2,
        "usage_source": "provider",
        "cost_usd": 0.000125,
        "price_version": "own",
        "time_to_first_event_ms": 12.5,
        "duration_ms": 100.25,
    }
    named = _named(whole | fields)
    del named["user_name"]
    return AttemptRow(**named)


def closed(exchange_id: str = "x1", **fields: Any) -> ExchangeRow:
    """A complete exchange with every field said, bodies included."""
    whole: dict[str, Any] = {
        "id": exchange_id,
        "created_at": AT,
        "user_id": "alice",
        "key_id": "k1",
        "backend_id": "openai",
        "endpoint": "/v1/chat/completions",
        "dialect": "chat",
        "request_model": "fast",
        "routed_model": "gpt-4o-mini",
        "response_model": "gpt-4o-mini-2024",
        "prompt_tokens": 41,
        "completion_tokens": 0,
        "cached_tokens": 8,
        "reasoning_tokens": 2,
        "total_tokens": 41,
        "usage_source": "provider",
        "cost_usd": 0.000125,
        "status_code": 200,
        "outcome": "complete",
        "error_message": None,
        "attempts": 1,
        "time_to_first_event_ms": 12.5,
        "response_time_ms": 100.25,
        "overhead_us": 310,
        "stream": True,
        "detail_logged": True,
        "session": "s1",
        "losses": ("logprobs", "seed"),
        "policies": (PolicyNote(policy="redact", changed=True, findings={"email": 2}, holds=1),),
        "tags": {"team": "red"},
        "request_body": '{"model":"fast"}',
        "response_body": "data: [DONE]\n\n",
    }
    return ExchangeRow(**_named(whole | fields))


def without_bodies(row: ExchangeRow) -> ExchangeRow:
    """`row` as it is where nothing of its content is logged."""
    return msgspec.structs.replace(row, detail_logged=False, request_body=None, response_body=None)


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Who has no other name is called by the id, as the file's are."""
    names = {"user_name": fields["user_id"], "backend_name": fields["backend_id"]}
    return {**names, **fields}
