"""What became of a stream, judged from what was seen and from how its bytes ended."""

from typing import Literal

from headgate.dialects.facts import Facts
from headgate.model.fault import Fault
from headgate.model.outcome import Outcome
from headgate.pipeline.guard import is_block

Ending = Literal["clean", "broken", "nonsense", "due", "left", "drained"]
"""How the bytes ended: as their framing allows, in the middle, as what no dialect says, too late,
because the caller left, or because the gateway stops."""


def judge(facts: Facts, ending: Ending) -> tuple[Outcome, Fault | None]:
    """The outcome of a relayed stream and the fault to tell the caller, if there is one.

    A reply is whole when its dialect's last word or a finish reason was seen; a clean close
    without either is a truncation, however clean it was.
    """
    if is_block(facts.fault):
        return "blocked", facts.fault
    if facts.fault is not None:
        return "upstream_error", facts.fault
    if facts.terminated:
        return ("complete" if facts.events else "empty"), None
    if ending == "left":
        return "client_closed", None
    if ending == "drained":
        message = "The gateway is restarting. Send the request again."
        return "drained", Fault(kind="gateway_restarting", message=message)
    if facts.finished or (facts.ends_with_body and ending == "clean"):
        return "complete", None
    return _unfinished(facts, ending)


def _unfinished(facts: Facts, ending: Ending) -> tuple[Outcome, Fault | None]:
    if ending == "due":
        return "timeout", fault_for("timeout", "The backend stopped sending and ran out of time.")
    if ending == "nonsense":
        return "upstream_error", fault_for("upstream_error", "The backend sent what is no reply.")
    if ending == "clean" and facts.events == 0:
        return "empty", None
    message = "The backend closed the stream before its reply was complete."
    return "truncated", fault_for("upstream_truncated", message)


def fault_for(
    kind: Literal["timeout", "upstream_error", "upstream_truncated"], message: str
) -> Fault:
    """A fault of the backend's."""
    return Fault(kind=kind, message=message, origin="upstream")
