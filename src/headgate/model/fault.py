"""What went wrong, as a value: kind, status, words, and whether another target may be tried."""

from collections.abc import Mapping
from typing import Literal

import msgspec

FaultKind = Literal[
    "invalid_request",
    "context_too_long",
    "content_filter",
    "invalid_api_key",
    "permission_denied",
    "model_not_found",
    "not_found",
    "method_not_allowed",
    "request_too_large",
    "unsupported_media_type",
    "request_stalled",
    "rate_limited",
    "quota_exhausted",
    "policy_violation",
    "upstream_error",
    "upstream_auth",
    "upstream_truncated",
    "timeout",
    "overloaded",
    "auth_unavailable",
    "gateway_restarting",
    "internal",
]

Origin = Literal["gateway", "upstream"]

STATUS: Mapping[FaultKind, int] = {
    "invalid_request": 400,
    "context_too_long": 400,
    "content_filter": 400,
    "invalid_api_key": 401,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "request_stalled": 408,
    "rate_limited": 429,
    "quota_exhausted": 429,
    "policy_violation": 403,
    "upstream_error": 502,
    "upstream_auth": 502,
    "upstream_truncated": 502,
    "timeout": 504,
    "overloaded": 503,
    "auth_unavailable": 503,
    "gateway_restarting": 503,
    "internal": 500,
}

CODES: Mapping[FaultKind, str] = {
    "invalid_request": "invalid_request",
    "context_too_long": "context_length_exceeded",
    "content_filter": "content_filter",
    "rate_limited": "rate_limit_exceeded",
    "quota_exhausted": "insufficient_quota",
    "timeout": "request_timeout",
    "internal": "internal_error",
}
"""The contract's ``code`` where it is not the kind's own name."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One failure, before it is told in a dialect.

    ``message`` is for the caller: no address, key or trace of ours ever stands in it.
    ``status`` overrides the kind's (a backend's own 4xx is kept). ``code``, ``param`` and
    ``type`` are the backend's words where it said any. ``headers`` are those to pass on
    (``retry-after``, rate limits). ``origin`` says whose fault it is. ``native`` is the backend's
    own body where it is in the caller's dialect and may be relayed as it is.
    """

    kind: FaultKind
    message: str
    status: int | None = None
    code: str | None = None
    param: str | None = None
    type: str | None = None
    retry_after_s: float | None = None
    origin: Origin = "gateway"
    headers: tuple[tuple[str, str], ...] = ()
    native: bytes = b""

    @property
    def http_status(self) -> int:
        """The status to answer with while no byte has been sent."""
        return self.status or STATUS[self.kind]

    @property
    def public_code(self) -> str:
        """The ``code`` of the OpenAI dialects: the backend's own, else the contract's."""
        return self.code or CODES.get(self.kind, self.kind)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """Raised to end an exchange with a fault; the trunk tells it in the caller's dialect."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def bad_request(message: str, param: str | None = None) -> Refused:
    """The refusal of a body that the caller must mend; `param` names the field."""
    return Refused(Fault(kind="invalid_request", message=message, param=param))


def expect_method(method: str, *taken: str) -> None:
    """Raises Refused where a path takes other methods only."""
    if method not in taken:
        message = f"This path takes {' and '.join(taken)} only."
        headers = (("allow", ", ".join(taken)),)
        raise Refused(Fault(kind="method_not_allowed", message=message, headers=headers))


class Untranslatable(Refused):
    """The target's dialect cannot say what the caller insists on; `param` names the field."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(Fault(kind="invalid_request", message=message, param=param))


class StreamBroken(Exception):  # noqa: N818 - named for the fact
    """The bytes of a reply are not what their dialect promises, or exceed a bound."""
