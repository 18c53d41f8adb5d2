"""The shapes of the resources, as the OpenAPI description shows them and checks hold them to."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from headgate.model.directory import SourceName


class Limits(BaseModel):
    """How much may be used; null: no limit."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    requests_per_day: int | None
    tokens_per_day: int | None
    concurrent: int | None
    budget_usd: float | None
    budget_period: str = Field(description="day, month or total")


class User(BaseModel):
    """A user."""

    id: str
    name: str
    email: str | None
    is_active: bool
    detail_logging: bool
    copy_reasoning_to_reasoning_content: bool
    limits: Limits
    models: list[str] | None = Field(description="Globs; null: all")
    key_hint: str | None = Field(description="The end of the newest key")
    created_at: str | None = Field(description="RFC 3339, UTC; null: in the file")
    source: SourceName


class UserWithKey(User):
    """A user with a new key, in full this once."""

    api_key: str


class Key(BaseModel):
    """A key of a user; null among its scopes: all that the user may."""

    id: str
    user_id: str
    hint: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    backends: list[str] | None
    models: list[str] | None
    paths: list[str] | None
    cidrs: list[str] | None
    limits: Limits


class KeyInFull(Key):
    """A new key, in full this once."""

    api_key: str


class Backend(BaseModel):
    """A backend, with every other key that it has in the configuration."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    base_url: str
    speaks: list[str]
    is_active: bool
    detail_logging: bool
    has_api_key: bool
    created_at: str | None = Field(description="RFC 3339, UTC; null: in the file")
    source: SourceName
    cached_model_count: int
    last_model_sync_at: str | None
    model_cache_initialized: bool = Field(description="A list has come, whatever it holds")
    model_cache_state: str = Field(description="ready, uninitialized, error or inactive")


class BackendModels(BaseModel):
    """What a backend offers, as far as it is known."""

    backend_id: str
    models: list[str]
    state: str = Field(description="ready, uninitialized, error or inactive")
    error: str | None
    last_model_sync_at: str | None


class Permission(BaseModel):
    """A user may use a backend."""

    user_id: str
    backend_id: str
    source: SourceName


class Rewrite(BaseModel):
    """One model name stands for another."""

    id: str
    source_model: str
    target_model: str
    force: bool
    is_active: bool
    note: str
    source: SourceName


class Model(BaseModel):
    """A model name with its targets, and every other key that it has in the configuration."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    targets: list[dict[str, Any]]
    source: SourceName


class Policy(BaseModel):
    """An entry of the chain with the keys that it has in the configuration."""

    model_config = ConfigDict(extra="allow")

    id: str
    position: int
    is_active: bool
    policy: str
    source: SourceName


class Settings(BaseModel):
    """What is in force for the whole gateway."""

    model_config = ConfigDict(extra="allow")

    stream_detail: str


class Reloaded(BaseModel):
    """The configuration's file was read again."""

    status: str


class AuditRow(BaseModel):
    """One write of an administrator."""

    id: int
    at: str = Field(description="RFC 3339, UTC")
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    chain: str = Field(description="A digest over this row and the one before")


class AuditPage(BaseModel):
    """Writes, newest first."""

    rows: list[AuditRow]
    limit: int
    offset: int
    chain_holds: bool | None = Field(description="null: was not asked for")
