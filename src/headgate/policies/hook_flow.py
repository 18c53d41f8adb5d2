"""Text through the hook `on_text` of a policy in Python, at once or after waiting for somebody."""

from collections.abc import Awaitable
from typing import Any

from typing_extensions import override

from headgate.policies.flow import Flow
from headgate.policies.policy import Policy

MOST_GROWTH_CHARACTERS = 65_536
MOST_GROWTH_TIMES = 16
"""What comes out is at most so many times what came in, and so many characters more."""


class Misbehaved(Exception):  # noqa: N818 - named for the fact
    """A policy did what no policy may do; the words say what."""


class HookFlow(Flow):
    """Pieces go to ``on_text`` as they come; `limit` characters may be held."""

    def __init__(self, policy: Policy, choice: int, limit: int) -> None:
        self._policy = policy
        self._choice = choice
        self._limit = limit
        self._kept = ""
        self._room = MOST_GROWTH_CHARACTERS

    @property
    @override
    def held(self) -> int:
        return len(self._kept)

    @property
    @override
    def wanting(self) -> bool:
        return False

    @override
    def feed(self, text: str) -> str:
        self._kept += text
        self._room += len(text) * MOST_GROWTH_TIMES
        return self._taken(self._say(self._kept, last=False), last=False)

    @override
    def late(self) -> str:
        return self.raw()

    @override
    def end(self) -> str:
        if not self._kept:
            return ""
        return self._taken(self._say(self._kept, last=True), last=True)

    @override
    async def ask(self) -> str:
        return ""

    @override
    def raw(self) -> str:
        kept, self._kept = self._kept, ""
        return kept

    def _say(self, text: str, last: bool) -> Any:
        policy = self._policy
        policy.last = last
        policy.choice = self._choice
        policy._held = ""
        return policy.on_text(text)

    def _taken(self, given: Any, last: bool) -> str:
        """What `on_text` gave, as far as it may."""
        kept = self._policy._held
        if not isinstance(given, str) or not isinstance(kept, str):
            wrong = kept if isinstance(given, str) else given
            raise Misbehaved(f"on_text gave {type(wrong).__name__} where text is due")
        if len(kept) > self._limit:
            raise Misbehaved(f"on_text holds more than {self._limit} characters (lookback)")
        self._room -= len(given)
        if self._room < 0:
            raise Misbehaved("on_text makes the text grow without end")
        self._kept = ""
        if last:
            return given + kept
        self._kept = kept
        return given


class WaitingFlow(HookFlow):
    """Text is gathered for the window of an ``async`` hook, which is awaited at its end."""

    def __init__(self, policy: Policy, choice: int, limit: int) -> None:
        super().__init__(policy, choice, limit)
        self._new = ""
        self._pressed = False
        self._ended = False

    @property
    @override
    def held(self) -> int:
        return len(self._kept) + len(self._new)

    @property
    @override
    def wanting(self) -> bool:
        if self._ended:
            return self.held > 0
        return bool(self._new) and (self._pressed or len(self._new) >= (self._policy.window or 1))

    @override
    def feed(self, text: str) -> str:
        self._new += text
        self._room += len(text) * MOST_GROWTH_TIMES
        return ""

    @override
    def late(self) -> str:
        self._pressed = bool(self._new)
        if self._pressed:
            return ""
        return super().raw()

    @override
    def end(self) -> str:
        self._ended = True
        return ""

    @override
    async def ask(self) -> str:
        window = self._policy.window or len(self._new)
        last = self._ended and len(self._new) <= window
        piece = self._kept + self._new[:window]
        given = self._say(piece, last)
        if isinstance(given, Awaitable):
            given = await given
        out = self._taken(given, last)
        self._new = self._new[window:]
        self._pressed = self._pressed and bool(self._new)
        return out

    @override
    def raw(self) -> str:
        new, self._new = self._new, ""
        return super().raw() + new
