"""What every policy has that asks somebody else for a verdict: on a request, on an answer window
by window, on tool calls."""

from typing import Any, Literal

from typing_extensions import override

from headgate.model.parts import Document, PlainText, Refusal, Text, ToolCall, ToolResult
from headgate.model.request import Request
from headgate.policies.keys import WaitingKeys
from headgate.policies.policy import Policy, Reads, ToolVerdict

About = Literal["request", "response", "tool_call"]

PIECE_CHARACTERS = 32_000
"""A longer request is asked about in pieces of this length."""
OVERLAP_CHARACTERS = 200
"""What is shown again of the window before, so that nothing hides on the edge of two."""


class Asking(Policy):
    """A subclass says in `judge` what it thinks of a text, by raising Refuse or not."""

    judges = True
    answers_calls = False

    def __init__(self, keys: WaitingKeys) -> None:
        self.asked = keys
        self.window = keys.window
        self._context: dict[int, str] = {}

    async def judge(self, about: About, text: str, context: str) -> None:
        """Raises Refuse where `text` may not be. `context` was let pass right before it."""
        raise NotImplementedError

    @override
    def reads(self) -> frozenset[Reads]:
        if "response" not in self.asked.apply_to:
            return frozenset()
        return frozenset(("text", "tool_calls"))

    @override
    async def on_request(self, request: Request) -> Request:
        if "request" in self.asked.apply_to:
            text = "\n\n".join(texts_of(request, self.asked.roles))
            context = ""
            for start in range(0, len(text), PIECE_CHARACTERS):
                piece = text[start : start + PIECE_CHARACTERS]
                await self.judge("request", piece, context)
                context = piece[-OVERLAP_CHARACTERS:]
        return request

    @override
    async def on_text(self, text: str) -> str:
        context = self.context()
        await self.judge("response", text, context)
        self.went_on(text)
        return text

    @override
    async def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        await self.judge("tool_call", f"{call.name} {call.arguments}", "")
        return None

    def context(self) -> str:
        """What was let pass right before, in this choice."""
        return self._context.get(self.choice, "")

    def went_on(self, text: str) -> None:
        """Remembers `text` as the context of what follows."""
        self._context[self.choice] = (self.context() + text)[-OVERLAP_CHARACTERS:]


def texts_of(request: Request, roles: tuple[str, ...]) -> list[str]:
    """The texts of a request's messages of these roles, in order."""
    return [
        text
        for message in request.messages
        if message.role in roles
        for part in message.parts
        for text in _texts(part)
        if text
    ]


def _texts(part: Any) -> list[str]:
    match part:
        case Text(text=text) | Refusal(text=text):
            return [text]
        case ToolCall(name=name, arguments=arguments):
            return [f"{name} {arguments}"]
        case ToolResult(parts=parts):
            return [text for inner in parts for text in _texts(inner)]
        case Document(source=PlainText(text=text), title=title):
            return [title or "", text]
        case _:
            return []
