"""The shapes of the analytics and the dashboard, as the OpenAPI description shows them."""

from pydantic import BaseModel, Field

from headgate.admin.schema import ClosingInstant, Instant, Params
from headgate.model.analytics import GroupKey
from headgate.model.outcome import Outcome


class Period(Params):
    """Which exchanges are counted. What is left out or empty is any."""

    since: Instant | None = Field(None, alias="from", description="Left out: for 30 days")
    until: ClosingInstant | None = Field(None, alias="to")
    user_id: str | None = Field(None, alias="userId", description="Its id or a name it has had")
    backend_id: str | None = Field(
        None, alias="backendId", description="Its id or a name it has had"
    )
    model: str | None = Field(None, description="The model asked for or routed to")


class GroupedPeriod(Period):
    """Which exchanges are counted, and what is told apart."""

    by: list[GroupKey] = Field(["day", "user", "backend", "model"], max_length=4)


class Quantiles(BaseModel):
    """The smallest value that so many per cent do not exceed, give or take an eighth; null:
    nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Sums(BaseModel):
    """Sums over exchanges; unknown tokens and costs count as nothing."""

    requests: int
    errors: int = Field(description="Of these: broken, timed out, empty, drained or killed")
    error_rate: float = Field(description="errors / requests")
    streams: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    total_tokens: int
    cost_usd: float


class UsageRow(Sums):
    """Sums of one day (UTC), user, backend and model, as far as they are told apart."""

    day: str | None = Field(examples=["2026-01-31"])
    user_id: str | None
    user_name: str | None = Field(description="The newest known")
    backend_id: str | None
    backend_name: str | None = Field(description="The newest known")
    model: str | None


class DayRow(Sums):
    """Sums of one day, in UTC."""

    day: str


class TrendRow(Sums):
    """Sums of one day and model."""

    day: str
    model: str | None


class MetricsRow(Sums):
    """Sums and waiting of one backend and model."""

    backend_id: str | None
    backend_name: str | None
    model: str | None
    time_to_first_event_ms: Quantiles
    response_time_ms: Quantiles


class LatencyRow(BaseModel):
    """How long callers of one backend and model waited."""

    backend_id: str | None
    backend_name: str | None
    model: str | None
    requests: int = Field(description="How many were measured")
    time_to_first_event_ms: Quantiles
    response_time_ms: Quantiles


class QualityRow(BaseModel):
    """How the attempts at one backend ended, second attempts included."""

    backend_id: str
    backend_name: str
    attempts: int
    errors: int
    error_rate: float
    outcomes: dict[Outcome, int]
    time_to_first_event_ms: Quantiles
    duration_ms: Quantiles


class BucketRow(BaseModel):
    """How many answers had so many completion tokens."""

    least: int
    most: int | None = Field(description="null: without end")
    requests: int


class Summary(Sums):
    """The last days at a glance."""

    days: int
    since: str
    active_users: int
    time_to_first_event_ms: Quantiles
    response_time_ms: Quantiles
    by_day: list[DayRow] = Field(description="The latest first")
    top_users: list[UsageRow]
    top_models: list[UsageRow]
    top_backends: list[UsageRow]
