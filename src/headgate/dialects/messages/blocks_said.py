"""The blocks of a stream that is written: what each says once it has the floor."""

from typing import Any

from headgate.dialects.messages import frames, signatures
from headgate.dialects.messages.json_scan import Completeness
from headgate.dialects.messages.own import own
from headgate.dialects.messages.reply_write import call_block
from headgate.model import custom_input
from headgate.model import events as ev
from headgate.model.parts import ToolCall
from headgate.model.state import OpaqueState


class Prose:
    """A text block; a refusal too, for this dialect has no other words for it."""

    def __init__(self, block: ev.TextBlock | ev.RefusalBlock) -> None:
        self._extras = own(block.extras) if isinstance(block, ev.TextBlock) else {}
        self.early: list[dict[str, Any]] = []
        """Citations that came before the first word; an empty block must not be opened."""

    def start(self) -> dict[str, Any]:
        """The block as it begins."""
        return {"type": "text", "text": "", **self._extras}

    def may_yield(self) -> bool:
        """Whether another block may begin: prose can go on in a further block."""
        return True

    def say(self, index: int, text: str) -> bytes:
        """More prose."""
        said = frames.delta(frames.TEXT, index, text)
        if self.early:
            early, self.early = self.early, []
            return said + b"".join(self.cite(index, citation) for citation in early)
        return said

    def cite(self, index: int, citation: dict[str, Any]) -> bytes:
        """A source of the words so far."""
        return frames.delta(frames.CITATION, index, citation)

    def close(self, index: int) -> bytes:
        """The last words before the stop."""
        return b""


class Thought:
    """A thinking block, signed once and just before its end: clients keep the last signature
    only."""

    def __init__(self, block: ev.ReasoningBlock) -> None:
        self._extras = own(block.extras)
        self.state: OpaqueState | None = None
        self.spoken = False

    @property
    def redacted(self) -> bool:
        """It consists of state alone that stands in a block of its own kind."""
        return not self.spoken and self.state is not None and self.state.kind == "redacted"

    def start(self) -> dict[str, Any]:
        """The block as it begins."""
        if self.redacted:
            return {**(signatures.for_caller("", self.state) or {}), **self._extras}
        return {"type": "thinking", "thinking": "", "signature": "", **self._extras}

    def may_yield(self) -> bool:
        """Whether another block may begin: thought can go on in a further block."""
        return True

    def say(self, index: int, text: str) -> bytes:
        """More thought."""
        self.spoken = True
        return frames.delta(frames.THINKING, index, text)

    def close(self, index: int) -> bytes:
        """The signature."""
        state, self.state = self.state, None
        if not self.spoken and state is not None and state.kind == "redacted":
            return b""
        self.spoken = False
        signature = signatures.signature_for_caller(state)
        return frames.delta(frames.SIGNATURE, index, signature)


class Call:
    """A tool call. It keeps the floor until its arguments are whole JSON, since what comes
    between would tear them apart. A custom tool's input is wrapped when it is all there."""

    def __init__(self, block: ev.ToolCallBlock) -> None:
        self._block = block
        self._scan = Completeness()
        self._unscanned: list[str] = []
        self.ended = False

    def start(self) -> dict[str, Any]:
        """The block as it begins."""
        block = self._block
        return call_block(ToolCall(block.id, block.name, extras=block.extras))

    def may_yield(self) -> bool:
        """Whether another block may begin."""
        if self.ended or self._block.custom:
            return self.ended
        self._scan.feed("".join(self._unscanned))
        self._unscanned.clear()
        return self._scan.complete

    def say(self, index: int, text: str) -> bytes:
        """More arguments."""
        self._unscanned.append(text)
        return b"" if self._block.custom else frames.delta(frames.ARGUMENTS, index, text)

    def close(self, index: int) -> bytes:
        """A custom tool's input, wrapped."""
        if not self._block.custom:
            return b""
        wrapped = custom_input.wrap("".join(self._unscanned))
        return frames.delta(frames.ARGUMENTS, index, wrapped)


Said = Prose | Thought | Call


def block_for(block: ev.Block) -> Said:
    """What a hub block becomes."""
    if isinstance(block, ev.ToolCallBlock):
        return Call(block)
    if isinstance(block, ev.ReasoningBlock):
        return Thought(block)
    return Prose(block)
