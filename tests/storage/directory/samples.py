"""Rows of the directory for tests, with every field said."""

from typing import Any

from headgate.model.directory import (
    AdminTokenRow,
    BackendRow,
    KeyRow,
    ModelRow,
    PolicyRow,
    RewriteRow,
    UserRow,
)
from headgate.model.limits import Limits

AT = 1_700_000_000.125
NOTE: dict[str, Any] = {
    "at": AT,
    "actor": "root",
    "action": "POST /admin/users",
    "subject": "u1",
    "detail": {"name": "alïce", "n": 1},
}


def user(user_id: str = "u1", **fields: Any) -> UserRow:
    whole: dict[str, Any] = {
        "id": user_id,
        "name": f"name of {user_id}",
        "email": "null",
        "is_active": True,
        "detail_logging": True,
        "copy_reasoning_to_reasoning_content": True,
        "limits": Limits(requests_per_minute=3, budget_usd=1.5, budget_period="day"),
        "models": ("fast", "gpt-4o*"),
        "key_hint": "wxyz",
        "created_at": AT,
    }
    return UserRow(**whole | fields)


def key(key_id: str = "k1", **fields: Any) -> KeyRow:
    whole: dict[str, Any] = {
        "id": key_id,
        "user_id": "u1",
        "digest": key_id.encode().ljust(32, b"\x00"),
        "hint": "wxyz",
        "created_at": AT,
        "expires_at": AT + 100,
        "revoked_at": None,
        "last_used_at": None,
        "backends": ("openai",),
        "models": ("fast",),
        "paths": ("/v1/chat/completions",),
        "cidrs": ("10.0.0.0/8",),
        "limits": Limits(concurrent=2, budget_usd=0.5, budget_period="total"),
    }
    return KeyRow(**whole | fields)


def backend(backend_id: str = "b1", **fields: Any) -> BackendRow:
    whole: dict[str, Any] = {
        "id": backend_id,
        "name": f"name-of-{backend_id}",
        "base_url": "https://up.test",
        "speaks": ("chat", "responses"),
        "is_active": False,
        "detail_logging": True,
        "api_key_sealed": b"\x01\x00\xff",
        "settings": {"timeouts": {"idle": "5s"}, "headers": {"x-a": "b"}},
        "created_at": AT,
    }
    return BackendRow(**whole | fields)


def rewrite(rewrite_id: str = "r1", **fields: Any) -> RewriteRow:
    whole: dict[str, Any] = {
        "id": rewrite_id,
        "source_model": f"source of {rewrite_id}",
        "target_model": "fast",
        "force": True,
        "is_active": False,
        "note": "a word",
    }
    return RewriteRow(**whole | fields)


def model(model_id: str = "m1", **fields: Any) -> ModelRow:
    settings = {"targets": [{"backend": "openai", "model": "gpt"}], "retries": 0}
    return ModelRow(
        **{"id": model_id, "name": f"name of {model_id}", "settings": settings} | fields
    )


def policy(policy_id: str = "p1", **fields: Any) -> PolicyRow:
    whole: dict[str, Any] = {
        "id": policy_id,
        "position": 0,
        "entry": {"policy": "redact", "patterns": ["email"]},
        "is_active": False,
    }
    return PolicyRow(**whole | fields)


def token(token_id: str = "t1", **fields: Any) -> AdminTokenRow:
    whole: dict[str, Any] = {
        "id": token_id,
        "name": "ci",
        "role": "operator",
        "digest": token_id.encode(),
        "hint": "wxyz",
        "created_at": AT,
        "expires_at": AT + 10,
    }
    return AdminTokenRow(**whole | fields)
