"""Policies as users write them: well, badly, and worse."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from typing_extensions import override

from headgate.model.outcome import Outcome
from headgate.model.parts import ToolCall
from headgate.model.reply import Reply
from headgate.model.request import Request
from headgate.policies import DROP, Policy, Refuse, ToolVerdict

NOT_A_POLICY = 3
ENDED: list[tuple[str, Outcome]] = []


class Shout(Policy):
    """Upper case, with a mark."""

    def __init__(self, mark: str = "!", times: int = 1) -> None:
        self._mark = mark * times

    @override
    def on_text(self, text: str) -> str:
        return text.upper() + (self._mark if self.last else "")

    @override
    def on_end(self, outcome: Outcome) -> None:
        ENDED.append((type(self).__name__, outcome))


class Words(Policy):
    """Whole words only: holds the last one until it is over."""

    @override
    def on_text(self, text: str) -> Awaitable[str] | str:
        return self.words(text)

    def words(self, text: str) -> str:
        """Those that are whole, marked."""
        if self.last:
            return f"<{text}>"
        done, blank, rest = text.rpartition(" ")
        self.hold(rest)
        return "".join(f"<{word}> " for word in done.split(" ")) if blank else ""


class LateWords(Words):
    """The same, after waiting."""

    @override
    async def on_text(self, text: str) -> str:
        await asyncio.sleep(0)
        return self.words(text)


class Reverse(Policy):
    """Windows of five characters, turned around by somebody who must be waited for."""

    window = 5

    @override
    async def on_text(self, text: str) -> str:
        await asyncio.sleep(0)
        return text[::-1]


class Bad(Policy):
    """Whatever ``how`` says, wherever ``where`` says."""

    def __init__(self, where: str, how: str) -> None:
        self._where = where
        self._how = how

    @override
    def on_request(self, request: Request) -> Any:
        return self._act("request", request)

    @override
    def on_text(self, text: str) -> Any:
        return self._act("text", text)

    @override
    def on_tool_call(self, call: ToolCall) -> Any:
        return self._act("call", call)

    @override
    def on_reply(self, reply: Reply) -> Any:
        return self._act("reply", None)

    @override
    def on_end(self, outcome: Outcome) -> None:
        self._act("end", None)

    def _act(self, where: str, given: Any) -> Any:
        if where != self._where:
            return given
        if self._how == "recurse":
            return self._act(where, given)
        if self._how.startswith("ho"):
            kept: Any = given if self._how == "hoard" else 3
            self.hold(kept)
            return ""
        return _BAD.get(self._how, _refuse)(given)


def _crash(_given: Any) -> Any:
    raise RuntimeError("a secret: hunter2")


def _refuse(_given: Any) -> Any:
    raise Refuse("enough")


_BAD: dict[str, Callable[[Any], Any]] = {
    "crash": _crash,
    "exit": lambda _given: sys.exit(3),
    "type": lambda _given: 42,
    "grow": lambda given: given * 40 + "x" * 1000,
    "broken json": lambda given: msgspec.structs.replace(given, arguments='{"a": '),
}


class Endless(Policy):
    """Loops for ever, or sleeps, without waiting for anybody; ``stubborn``: whatever it catches."""

    def __init__(self, where: str, how: str = "loop", stubborn: bool = False) -> None:
        self._where = where
        self._how = how
        self._stubborn = stubborn
        self._spend("make")

    @override
    def on_request(self, request: Request) -> Request:
        self._spend("request")
        return request

    @override
    def on_text(self, text: str) -> str:
        self._spend("text")
        return text

    @override
    def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        self._spend("call")
        return call

    @override
    async def on_reply(self, reply: Reply) -> Reply | None:
        self._spend("reply")
        return None

    @override
    def on_end(self, outcome: Outcome) -> None:
        self._spend("end")

    def _spend(self, where: str) -> None:
        while where == self._where:
            try:
                self._waste()
            except Exception:
                if not self._stubborn:
                    raise

    def _waste(self) -> None:
        if self._how == "sleep":
            time.sleep(600)


class Sleepy(Policy):
    """Never answers."""

    def __init__(self, where: str) -> None:
        self._where = where

    @override
    async def on_request(self, request: Request) -> Request:
        return request if self._where != "request" else await self._for_ever()

    @override
    async def on_text(self, text: str) -> str:
        return text if self._where != "text" else await self._for_ever()

    @override
    async def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        return None if self._where != "call" else await self._for_ever()

    @override
    async def on_reply(self, reply: Reply) -> Reply | None:
        return None if self._where != "reply" else await self._for_ever()

    async def _for_ever(self) -> Any:
        await asyncio.Event().wait()


class Critic(Policy):
    """Likes no request, and says so after waiting."""

    @override
    async def on_request(self, request: Request) -> Request:
        await asyncio.sleep(0)
        raise Refuse("no")


class Calls(Policy):
    """Tool calls by their names: what ``drop``, ``change``, ``answer`` say."""

    def __init__(self, drop: str = "", change: str = "", answer: str = "") -> None:
        self._drop = drop
        self._change = change
        self._answer = answer

    def verdict(self, call: ToolCall) -> ToolVerdict:
        """What becomes of `call`."""
        if call.name == self._drop:
            return DROP
        if call.name == self._change:
            return msgspec.structs.replace(call, arguments='{"changed":true}')
        return "answered" if call.name == self._answer else None

    @override
    def on_tool_call(self, call: ToolCall) -> Awaitable[ToolVerdict] | ToolVerdict:
        return self.verdict(call)


class LateCalls(Calls):
    """The same, after waiting."""

    @override
    async def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        await asyncio.sleep(0)
        return self.verdict(call)


class Last(Policy):
    """Sees whole replies; holds them and makes new ones where ``holds`` says so."""

    def __init__(self, holds: bool = False, refuse: bool = False) -> None:
        self.holds_reply = holds
        self._refuse = refuse

    @override
    def on_reply(self, reply: Reply) -> Reply | None:
        self.note(f"{len(reply.choices)} choices")
        if self._refuse:
            raise Refuse("not this")
        return msgspec.structs.replace(reply, model="other")


class Judging(Policy):
    """Says that it judges, and changes the text all the same."""

    judges = True

    @override
    def on_text(self, text: str) -> str:
        return text[1:]


class Unmade(Policy):
    """Can be made once, and not again."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        if type(self).made > 1:
            raise RuntimeError("no more")


class Never(Policy):
    """Cannot be made at all."""

    def __init__(self) -> None:
        raise RuntimeError("never")
