"""What the books say of an exchange: the intent before a byte leaves, a row an attempt, a row an
exchange. Names and units are the contract's (section 8)."""

import msgspec

from headgate.model.outcome import Outcome
from headgate.model.usage import UsageSource


class Intent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Written before an attempt's first byte leaves, so that a killed process loses no exchange.

    ``at`` is Unix time in seconds; ``exchange_id`` is unique, ``attempt`` counts from 1.
    """

    exchange_id: str
    attempt: int
    at: float
    user_id: str | None = None
    user_name: str | None = None
    key_id: str | None = None
    backend_id: str | None = None
    backend_name: str | None = None
    endpoint: str = ""
    dialect: str = ""
    request_model: str = ""
    routed_model: str = ""
    stream: bool = False
    input_estimate: int = 0


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try at one target, settled exactly once. Tokens None: unknown. ``price_version`` says by
    which prices the cost was counted; for names see `ExchangeRow`."""

    exchange_id: str
    attempt: int
    at: float
    user_id: str | None = None
    backend_id: str
    backend_name: str | None = None
    routed_model: str
    outcome: Outcome
    status_code: int | None = None
    error_message: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    usage_source: UsageSource | None = None
    cost_usd: float | None = None
    price_version: str | None = None
    time_to_first_event_ms: float | None = None
    duration_ms: float | None = None


class PolicyNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one policy did in an exchange. ``refused``: why it ended the exchange, or in monitor
    mode would have. ``holds``: how often text was held, ``held_ms`` for how long together,
    ``largest_hold`` the most characters at a time, ``late`` how often `max_hold` was over."""

    policy: str
    monitor: bool = False
    refused: str | None = None
    changed: bool = False
    findings: dict[str, int] = {}
    failures: tuple[str, ...] = ()
    holds: int = 0
    held_ms: float = 0.0
    longest_hold_ms: float = 0.0
    largest_hold: int = 0
    late: int = 0


class ExchangeRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange as the request log shows it; ``id`` is the answer's ``x-request-id``.

    ``created_at`` is Unix time in seconds here and RFC 3339 UTC in the admin API; ``attempts``
    how many were made; ``status_code`` what the caller got; ``overhead_us`` the gateway's own
    time before the backend was asked and from its first event to the caller's. ``losses`` are the
    fields that a translation could not carry; ``policies`` those that had something to tell, in
    their order; ``tags`` what policies say of the exchange. Bodies are None unless
    ``detail_logged``. Ids last as long as what they name; names are those of the time: a renamed
    user or backend keeps its history by the id.
    """

    id: str
    created_at: float
    user_id: str | None = None
    user_name: str | None = None
    key_id: str | None = None
    backend_id: str | None = None
    backend_name: str | None = None
    endpoint: str = ""
    dialect: str = ""
    request_model: str = ""
    routed_model: str | None = None
    response_model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None
    usage_source: UsageSource | None = None
    cost_usd: float | None = None
    status_code: int = 0
    outcome: Outcome = "refused"
    error_message: str | None = None
    attempts: int = 0
    time_to_first_event_ms: float | None = None
    response_time_ms: float | None = None
    overhead_us: int | None = None
    stream: bool = False
    detail_logged: bool = False
    session: str | None = None
    losses: tuple[str, ...] = ()
    policies: tuple[PolicyNote, ...] = ()
    tags: dict[str, str] = {}
    request_body: str | None = None
    response_body: str | None = None
