"""One policy on duty in one exchange: what it may do, and what happens when it fails.

Python of strangers runs here, so this file has a broad ``except``: whatever a policy raises is an
outcome that its ``on_error`` names (closed: the exchange is blocked; open: the policy is left out
from then on), and never a torn stream.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any, Literal, TypeVar

import msgspec

from headgate.model.fault import Fault, Refused
from headgate.model.outcome import Outcome
from headgate.model.request import Request
from headgate.policies.hook_flow import Misbehaved
from headgate.policies.patience import Endless, Steps, bounded
from headgate.policies.policy import AskAgain, Policy, Refuse, overrides
from headgate.policies.report import Report

Mode = Literal["enforce", "monitor"]
OnError = Literal["closed", "open"]

T = TypeVar("T")

MOST_WORDS = 300
SHORTEST_STEP_S = 0.5
"""A busy machine may stop any process for a while."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms on which a policy works, from its entry. ``max_hold_s`` None: no bound in time;
    ``lookback`` characters at most are held; ``deadline_s`` bounds every wait, and of a
    ``stranger``'s Python every step."""

    name: str
    mode: Mode = "enforce"
    on_error: OnError = "closed"
    max_hold_s: float | None = None
    lookback: int = 4096
    deadline_s: float = 5.0
    rewrites: bool = True
    stranger: bool = False

    @property
    def step_s(self) -> float:
        """How long Python may run on without waiting for anybody."""
        return max(self.deadline_s, SHORTEST_STEP_S)


class Duty:
    """A policy, its terms and its report. ``fault`` is set once it blocks, and ``released``
    is what may still go out then; ``off``: it failed and is left out."""

    def __init__(self, policy: Policy, terms: Terms) -> None:
        self.terms = terms
        self.report = Report(terms.name, monitor=terms.mode == "monitor")
        self.fault: Fault | None = None
        self.off = False
        self.released = ""
        self.again = False
        self._closed = False
        self.take(policy)

    def take(self, policy: Policy) -> None:
        """The policy is this one."""
        self.policy = policy
        policy._note = self.report.note

    def works(self) -> bool:
        """Whether it goes on: it has neither blocked nor failed."""
        return self.fault is None and not self.off

    def renew(self) -> None:
        """Another reply begins; what was refused in the last one is forgotten."""
        self.fault = None
        self.released = ""
        self.again = False

    def run(self, hook: Callable[..., T], *args: Any) -> T | None:
        """What `hook` gives; None where it blocked (`fault`) or failed (`off`)."""
        try:
            if self.terms.stranger:
                return bounded(self.terms.step_s, hook, *args)
            return hook(*args)
        except Refuse as refusal:
            self.block(refusal)
        except Endless:
            self.fail(f"did not come back within {self.terms.step_s:g} s")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a policy may raise anything
            self.fail(_words(error))
        return None

    async def wait(self, hook: Callable[..., Awaitable[T]], *args: Any) -> T | None:
        """The same for a hook that waits for somebody, within the deadline."""
        try:
            async with asyncio.timeout(self.terms.deadline_s):
                if self.terms.stranger:
                    return await Steps(self.terms.step_s, hook(*args))
                return await hook(*args)
        except Refuse as refusal:
            self.block(refusal)
        except Endless:
            self.fail(f"did not come back within {self.terms.step_s:g} s")
        except TimeoutError:
            self.fail(f"gave no answer within {self.terms.deadline_s:g} s")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a policy may raise anything
            self.fail(_words(error))
        return None

    def block(self, refusal: Refuse) -> None:
        """The policy says no."""
        why = str(refusal.why)[:MOST_WORDS]
        self.released = str(refusal.released)
        self.again = isinstance(refusal, AskAgain)
        self.report.refused = why
        self.fault = violation(self.terms.name, why)

    def fail(self, words: str) -> None:
        """The policy is broken, in these words; the caller does not read them."""
        if len(self.report.failures) < 10:
            self.report.failures.append(words)
        if self.terms.on_error == "open":
            self.off = True
        else:
            self.fault = Fault(
                kind="policy_violation",
                message=f"The policy {self.terms.name!r} could not be applied.",
            )

    async def request(self, request: Request) -> Request:
        """The request after the policy. Raises Refused."""
        if not overrides(self.policy, "on_request"):
            return request
        given = await self.wait(awaited, self.policy.on_request, request)
        if self.fault is not None:
            raise Refused(self.fault)
        if given is None or self.off:
            return request
        if not isinstance(given, Request):
            self.fail(f"on_request gave {type(given).__name__} where a request is due")
            if self.fault is not None:
                raise Refused(self.fault)
            return request
        self.report.changed = self.report.changed or given is not request
        return given

    def end(self, outcome: Outcome) -> None:
        """Lets the policy close, exactly once."""
        if not self._closed:
            self._closed = True
            self.run(self.policy.on_end, outcome)


def violation(name: str, why: str) -> Fault:
    """The fault of an exchange that a policy ended."""
    reason = f": {why}" if why else "."
    return Fault(kind="policy_violation", message=f"Refused by the policy {name!r}{reason}")


async def awaited(hook: Callable[..., Any], *args: Any) -> Any:
    """What `hook` gives, waited for where it is ``async``."""
    given = hook(*args)
    return await given if isinstance(given, Awaitable) else given


def _words(error: BaseException) -> str:
    """What happened and where, without the error's own text: it may hold the caller's."""
    if isinstance(error, Misbehaved):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"raised {type(error).__name__} at {PurePath(place.filename).name}:{place.lineno}"
