"""The base of every policy: the built-in ones and those that users write.

A policy in Python is loaded by ``policy: "package.module:Class"`` with the entry's other keys as
keyword arguments. One instance lives for one exchange. What a hook returns or raises is all that
it can do; a hook that is not overridden costs nothing.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Final, Literal

from headgate.model.outcome import Outcome
from headgate.model.parts import ToolCall
from headgate.model.reply import Reply
from headgate.model.request import Request
from headgate.policies.flow import Flow
from headgate.policies.occasion import Effects, Occasion

Reads = Literal["text", "reasoning", "tool_calls", "reply"]
"""What there is to look at in an answer. ``text`` is prose, refusals included; ``reply`` all of it
once it is whole."""


class Refuse(Exception):  # noqa: N818 - a verb: what the policy does
    """Raised by a hook to end the exchange: 403 before the first byte, an error event after.

    The caller reads `why` and the policy's name. `released` is text of the piece at hand that may
    still go out.
    """

    def __init__(self, why: str = "", released: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.released = released


class AskAgain(Refuse):
    """A refusal that another reply of the backend would mend; told where none can be had."""


class Drop(Enum):
    """What `Policy.on_tool_call` returns to leave the call out."""

    DROP = "drop"


DROP: Final = Drop.DROP

ToolVerdict = ToolCall | str | Drop | None
"""The call (changed or not; None: as it is), text that answers in its place, or `DROP`."""


class Policy:
    """Override the hooks that are needed; each may be ``async`` where it must wait for somebody.

    ``window``: an ``async`` `on_text` is asked for exactly so many characters at a time (the last
    time for what is left); None: for each piece. ``holds_reply``: the answer is held until
    `on_reply` has seen it whole. ``judges``: it refuses or watches, and never changes anything.
    ``answers_calls`` False: `on_tool_call` never answers with text, so that calls need not wait
    for each other.
    """

    window: int | None = None
    holds_reply: bool = False
    judges: bool = False
    answers_calls: bool = True

    exchange: Occasion = Occasion()
    effects: Effects
    last: bool = False
    """In `on_text`: no more text of this block comes."""
    choice: int = 0
    """In `on_text` and `on_tool_call`: which of several answers."""

    _held: str = ""
    _note: Callable[[str], None] | None = None

    def on_request(self, request: Request) -> Awaitable[Request | None] | Request | None:
        """The request before a backend is asked: return it changed, None to leave it."""
        return None

    def on_text(self, text: str) -> str | Awaitable[str]:
        """The next piece of the answer's text, after what was held; returns what may go out."""
        return text

    def on_tool_call(self, call: ToolCall) -> ToolVerdict | Awaitable[ToolVerdict]:
        """A tool call, once it is whole."""
        return None

    def on_reply(self, reply: Reply) -> Awaitable[Reply | None] | Reply | None:
        """The whole answer. A changed one counts only where ``holds_reply`` is set."""
        return None

    def on_end(self, outcome: Outcome) -> None:
        """The exchange is over; called exactly once, however it ended."""

    def hold(self, text: str) -> None:
        """Keeps `text` back: the next piece begins with it."""
        self._held = text

    def note(self, finding: str) -> None:
        """Counts a finding for the log and the metrics; never the text itself."""
        if self._note is not None:
            self._note(finding)

    def reads(self) -> frozenset[Reads]:
        """What of the answer is looked at."""
        kinds: set[Reads] = set()
        if overrides(self, "on_text"):
            kinds.add("text")
        if overrides(self, "on_tool_call"):
            kinds.add("tool_calls")
        if overrides(self, "on_reply"):
            kinds.add("reply")
        return frozenset(kinds)

    def conceals(self) -> Mapping[str, str]:
        """Texts that the answer gives back to the caller and that no log may keep, each with what
        stands in its place there."""
        return {}

    def open_flow(self, kind: Reads, choice: int) -> Flow | None:
        """What carries one block's text, where it is not `on_text` that does."""
        return None


def overrides(policy: Policy, hook: str) -> bool:
    """Whether `policy` says something of its own in `hook`."""
    return getattr(type(policy), hook) is not getattr(Policy, hook)


def waits(policy: Policy, hook: str) -> bool:
    """Whether `hook` of `policy` is ``async``."""
    return inspect.iscoroutinefunction(getattr(type(policy), hook))
