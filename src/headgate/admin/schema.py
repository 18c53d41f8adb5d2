"""The shapes of the admin API's reports, as its OpenAPI description shows them.

Every route names the shape of its answer, ``response_model=shapes.User``, although it answers with
a `Response`: nothing is converted at run time, but the description is whole and checks hold the
answers to it (``make schema-fuzz``). Resources have theirs in `headgate.admin.shapes`, numbers in
`headgate.admin.figures`. A shape whose object may hold more allows it: ``extra="allow"``.
"""

from typing import Annotated, Any, Literal

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


class Params(BaseModel):
    """What a query may say; unknown fields and empty ones say nothing."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, given: Any) -> Any:
        """A form sends its empty fields too."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value != ""}


class RequestParams(Params):
    """Which exchanges are wanted. What is left out or empty is any."""

    limit: int = Field(50, description="Rows of the page, at most 500")
    offset: int = Field(0, ge=0, description="Rows to skip")
    q: str | None = Field(
        None, max_length=200, description="Text in ids, names, outcome or error, in any case"
    )
    user_id: str | None = Field(None, alias="userId", description="Its id or a name it has had")
    backend_id: str | None = Field(
        None, alias="backendId", description="Its id or a name it has had"
    )
    model: str | None = Field(None, description="The model asked for or routed to")
    session: str | None = Field(None, description="The conversation, as its row has it")
    outcome: Outcome | None = None
    detail_logged: bool | None = Field(None, alias="detailLogged")
    since: Instant | None = Field(None, alias="from")
    until: ClosingInstant | None = Field(None, alias="to")


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
    user_name: str | None = Field(description="At the time")
    backend_name: str | None = Field(description="At the time")
    session: str | None = Field(description="The conversation")


class AttemptRow(BaseModel):
    """One try of an exchange at one target."""

    attempt: int = Field(description="From 1")
    at: str = Field(description="RFC 3339, UTC")
    backend_id: str
    backend_name: str | None = Field(description="At the time")
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
    price_version: str | None = Field(description="By which prices the cost was counted")
    time_to_first_event_ms: float | None
    duration_ms: float | None


class PolicyDeed(BaseModel):
    """What one policy did."""

    policy: str
    monitor: bool = Field(description="It only watched")
    refused: str | None = Field(description="Why it ended the exchange, or would have")
    changed: bool = Field(description="Whether it changed anything, or would have")
    findings: dict[str, int] = Field(description="What it met, and how often")
    failures: list[str] = Field(description="What went wrong in it")


class PolicyNote(PolicyDeed):
    """What one policy did in an exchange."""

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
    searched_since: str | None = Field(
        None, description="Where q is given: older rows were not searched in every column"
    )


class RequestDetail(RequestRow):
    """One exchange with its attempts."""

    key_id: str | None = Field(description="The key that was shown; null: one of the file's")
    losses: list[str] = Field(description="Fields that a translation could not carry")
    policies: list[PolicyNote] = Field(description="Those that had something to tell")
    tags: dict[str, str] = Field(description="What policies say of the exchange")
    attempt_rows: list[AttemptRow]


class Explanation(BaseModel):
    """Why one exchange went where it went."""

    id: str
    steps: list[str] = Field(description="Sentences, in the order of what happened")


class Delivery(BaseModel):
    """What a caller was sent, heartbeats aside."""

    status: int
    outcome: Outcome
    bytes: int
    sha256: str


class DeliveryNow(Delivery):
    """What the caller would be sent now."""

    headers: dict[str, str]
    body: str | None = Field(description="Null where it is no text")
    body_base64: str | None = Field(description="Only where it is no text")


class Playback(BaseModel):
    """A recorded answer, sent through the gateway once more."""

    id: str
    equal: bool = Field(description="Whether the caller would get the same again")
    intact: bool = Field(description="Whether the recording is as its digests say")
    differences: list[str] = Field(description="Sentences; none where it is equal and intact")
    request_known: bool = Field(description="Whether the request was recorded")
    delivered: Delivery = Field(description="What the caller got then")
    now: DeliveryNow


class PolicyTest(BaseModel):
    """A sample to try a chain on: a request, a reply, or both; or an exchange of the log."""

    model_config = ConfigDict(extra="forbid", strict=True)

    chain: list[dict[str, Any]] | None = Field(
        None,
        max_length=1000,
        description="Entries as in the file; one with the id of an entry in force is that entry, "
        "changed. Left out: the chain in force",
    )
    dialect: Literal["chat", "messages", "responses"] = Field(
        "chat", description="Of the request and the reply"
    )
    request: dict[str, Any] | None = Field(None, description="As a caller would send it")
    reply: str | dict[str, Any] | None = Field(
        None, description="Text, or a whole reply in the dialect"
    )
    exchange_id: str | None = Field(
        None, description="An exchange whose bodies were logged, in place of the request"
    )
    user: str = Field("", description="The caller's name, for conditions")
    model: str = Field("", description="The model asked for; left out: the request's")
    backend: str | None = Field(None, description="The backend that would be asked")
    path: str = Field("", description="The endpoint")
    headers: dict[str, str] = Field({}, description="The caller's")


class BeforeAfter(BaseModel):
    """One side of a test."""

    before: Any
    after: Any = Field(description="Null where it was refused")
    changed: bool


class PolicyTestResult(BaseModel):
    """What a chain makes of a sample."""

    refused: str | None = Field(description="Why the exchange would end")
    request: BeforeAfter | None
    reply: BeforeAfter | None
    policies: list[PolicyDeed] = Field(description="Those in force, in their order")
    tags: dict[str, str]
    headers_to_backend: list[tuple[str, str]]
    headers_to_caller: list[tuple[str, str]]
