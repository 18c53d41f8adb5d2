"""From what went wrong at a backend to whether another attempt may help."""

import msgspec

from headgate.dialects.dialect import Dialect
from headgate.model.fault import Fault
from headgate.pipeline import passing
from headgate.pipeline.verdict import fault_for
from headgate.routing.retry import Failure
from headgate.routing.target import Condition
from headgate.upstream.answer import Answer, TargetUnreachable
from headgate.wire import json_text


def failure_of(cause: TargetUnreachable) -> Failure:
    """The failure of a call that brought no answer."""
    if cause.timed_out:
        fault = fault_for("timeout", f"The backend could not be reached: {cause}.")
        return Failure(fault, "timeout", cause.sent)
    fault = fault_for("upstream_error", f"The backend could not be reached: {cause}.")
    return Failure(fault, "connect", cause.sent)


def too_slow(stream: bool) -> Failure:
    """The failure of a backend that was asked and did not answer in time."""
    what = "send its first event" if stream else "answer"
    fault = fault_for("timeout", f"The backend did not {what} in time.")
    return Failure(fault, "timeout", "request")


def from_fault(fault: Fault) -> Failure:
    """The failure behind an error that stood where the reply should."""
    return Failure(fault, _condition(fault))


def from_status(
    answer: Answer, body: bytes, dialect: Dialect, relayed: bool, now: float
) -> Failure:
    """The failure behind an error status; `now` is Unix time.

    `relayed`: the backend spoke the caller's dialect, so that its own words may pass as they are.
    """
    if answer.status < 400:
        message = "The backend redirects to another address. Its base_url must be corrected."
        return Failure(fault_for("upstream_error", message), "5xx")
    fault = dialect.backend.read_error(answer.status, body)
    headers = passing.to_caller(answer.headers)
    native = body if relayed and _may_pass(fault, body) else b""
    wait = passing.retry_after_s(answer.headers, now)
    fault = msgspec.structs.replace(
        fault,
        headers=headers,
        native=native,
        retry_after_s=fault.retry_after_s if wait is None else wait,
    )
    return from_fault(fault)


def _condition(fault: Fault) -> Condition | None:
    if fault.kind == "timeout":
        return "timeout"
    if fault.http_status == 429:
        return "429"
    return "5xx" if fault.http_status >= 500 else None


def _may_pass(fault: Fault, body: bytes) -> bool:
    """Only what is the caller's to know: refusals of the request, in the dialect's JSON."""
    if fault.http_status >= 500:
        return False
    value = json_text.object_or_none(body)
    return value is not None and isinstance(value.get("error"), dict)
