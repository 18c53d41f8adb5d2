"""The shapes of the admin API, as its OpenAPI description shows them."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from headgate.admin.instants import parse_instant
from headgate.model.outcome import Outcome
from headgate.model.usage import UsageSource


def _instant(given: Any) -> float:
    return parse_instant(given if isinstance(given, str) else "")


def _closing_instant(given: Any) -> float:
    return parse_instant(given if isinstance(given, str) else "", end_of_day=True)


Instant = Annotated[
    float,
    BeforeValidator(_instant, json_schema_input_type=str),
    Field(description="RFC 3339, or a day; included", examples=["2026-01-31T12:00:00Z"]),
]
ClosingInstant = Annotated[
    float,
    BeforeValidator(_closing_instant, json_schema_input_type=str),
    Field(description="RFC 3339, not included; or a day, included whole", examples=["2026-01-31"]),
]


class Failure(BaseModel):
    """Why a request was not done."""

    error: str


class RequestParams(BaseModel):
    """Which exchanges are wanted. What is left out or empty is any."""

    model_config = ConfigDict(extra="ignore")

    limit: int = Field(50, description="Rows of the page, at most 500")
    offset: int = Field(0, ge=0, description="Rows to skip")
    q: str | None = Field(
        None, max_length=200, description="Text in ids, names, outcome or error, in any case"
    )
    user_id: str | None = Field(None, alias="userId")
    backend_id: str | None = Field(None, alias="backendId")
    model: str | None = Field(None, description="The model asked for or routed to")
    outcome: Outcome | None = None
    detail_logged: bool | None = Field(None, alias="detailLogged")
    since: Instant | None = Field(None, alias="from")
    until: ClosingInstant | None = Field(None, alias="to")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, given: Any) -> Any:
        """A form sends its empty fields too."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value != ""}


class RequestRow(BaseModel):
    """One exchange."""

    id: str = Field(description="The answer's x-request-id")
    created_at: str = Field(description="RFC 3339, UTC")
    user_id: str | None
    backend_id: str | None
    endpoint: str
    dialect: str
    request_model: str
    routed_model: str | None
    response_model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    total_tokens: int | None
    usage_source: UsageSource | None
    cost_usd: float | None
    status_code: int = Field(description="What the caller got; 0: unknown")
    outcome: Outcome
    error_message: str | None
    attempts: int = Field(description="How many were made")
    time_to_first_event_ms: float | None
    response_time_ms: float | None
    overhead_us: int | None = Field(description="The gateway's own processor time")
    stream: bool
    detail_logged: bool
    request_body: str | None = Field(description="Only where detail_logged")
    response_body: str | None = Field(description="Only where detail_logged")


class AttemptRow(BaseModel):
    """One try of an exchange at one target."""

    attempt: int = Field(description="From 1")
    at: str = Field(description="RFC 3339, UTC")
    backend_id: str
    routed_model: str
    outcome: Outcome
    status_code: int | None
    error_message: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    usage_source: UsageSource | None
    cost_usd: float | None
    time_to_first_event_ms: float | None
    duration_ms: float | None


class PolicyNote(BaseModel):
    """What one policy did in an exchange."""

    policy: str
    monitor: bool = Field(description="It only watched")
    refused: str | None = Field(description="Why it ended the exchange, or would have")
    changed: bool = Field(description="Whether it changed anything, or would have")
    findings: dict[str, int] = Field(description="What it met, and how often")
    failures: list[str] = Field(description="What went wrong in it")
    holds: int = Field(description="How often text of a stream was held")
    held_ms: float = Field(description="For how long together")
    longest_hold_ms: float
    largest_hold: int = Field(description="Characters, at most at a time")
    late: int = Field(description="How often max_hold was over")


class RequestPage(BaseModel):
    """A page of exchanges, newest first."""

    rows: list[RequestRow]
    total: int = Field(description="Exchanges that fit, over all pages")
    limit: int
    offset: int


class RequestDetail(RequestRow):
    """One exchange with its attempts."""

    session: str | None
    losses: list[str] = Field(description="Fields that a translation could not carry")
    policies: list[PolicyNote] = Field(description="Those that had something to tell")
    tags: dict[str, str] = Field(description="What policies say of the exchange")
    attempt_rows: list[AttemptRow]


class Explanation(BaseModel):
    """Why one exchange went where it went."""

    id: str
    steps: list[str] = Field(description="Sentences, in the order of what happened")
